// The wall. Only visible tiles are in the document, however many images there are.

import type { Desk } from "./desk";
import { truth } from "./collection";
import type { Image } from "./engine";
import { describe, number } from "./words";

const GAP = 8;
const CAPTION = 44;
/** Extra rows kept above and below the visible ones. */
const SPARE = 2;
/** How long to wait after fast scrolling before loading pictures, so that passing ones are not loaded. */
const SETTLED = 90;

interface Tile {
  root: HTMLElement;
  picture: HTMLImageElement;
  heat: HTMLImageElement;
  note: HTMLElement;
  score: HTMLElement;
  model: HTMLElement;
  person: HTMLElement;
  name: HTMLElement;
  flag: HTMLElement;
  shown: string;
  address: string;
  heatAddress: string;
}

export class Wall {
  private readonly inner = document.createElement("div");
  private readonly tiles = new Map<string, Tile>();
  private readonly free: Tile[] = [];
  private list: Image[] = [];
  private columns = 1;
  private side = 160;
  private scheduled = false;
  private lastTop = 0;
  private fast = false;
  private settling = 0;

  constructor(
    readonly root: HTMLElement,
    readonly desk: Desk,
  ) {
    this.inner.className = "wall-inner";
    root.append(this.inner);
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.update()).observe(root);
    root.addEventListener("click", (event) => {
      const id = this.idOf(event);
      if (!id) return;
      desk.selected = id;
      root.focus({ preventScroll: true });
      desk.changed();
    });
    root.addEventListener("dblclick", (event) => {
      const id = this.idOf(event);
      if (id) this.open(id);
    });
  }

  /** Number of images per row. */
  get perRow(): number {
    return this.columns;
  }

  get rowsInSight(): number {
    return Math.max(1, Math.floor(this.root.clientHeight / this.rowHeight));
  }

  /** Redraws what has changed. */
  update(): void {
    this.list = this.desk.list();
    const width = this.root.clientWidth - 2 * GAP;
    const wish = width < 520 ? 132 : 172;
    this.columns = Math.max(2, Math.floor((width + GAP) / (wish + GAP)));
    this.side = Math.max(60, Math.floor((width - (this.columns - 1) * GAP) / this.columns));
    const rows = Math.ceil(this.list.length / this.columns);
    this.inner.style.height = `${rows * this.rowHeight + GAP}px`;
    this.inner.style.setProperty("--side", `${this.side}px`);
    this.inner.style.setProperty("--heat", String(this.desk.heat));
    this.draw();
  }

  /** Scrolls an image into view. */
  reveal(id: string): void {
    const index = this.desk.list().findIndex((image) => image.id === id);
    if (index < 0) return;
    const top = Math.floor(index / this.columns) * this.rowHeight;
    const { scrollTop, clientHeight } = this.root;
    if (top < scrollTop) this.root.scrollTop = top;
    else if (top + this.rowHeight + GAP > scrollTop + clientHeight) this.root.scrollTop = top + this.rowHeight + GAP - clientHeight;
  }

  open(id: string): void {
    this.desk.selected = id;
    this.desk.opened = id;
    this.desk.changed();
  }

  private get rowHeight(): number {
    return this.side + CAPTION + GAP;
  }

  private idOf(event: Event): string | undefined {
    return (event.target as HTMLElement).closest<HTMLElement>("[data-id]")?.dataset.id;
  }

  private scrolled(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      const top = this.root.scrollTop;
      this.fast = Math.abs(top - this.lastTop) > 0.6 * this.rowHeight;
      this.lastTop = top;
      clearTimeout(this.settling);
      if (this.fast) {
        this.settling = window.setTimeout(() => {
          this.fast = false;
          this.draw();
        }, SETTLED);
      }
      this.draw();
    });
  }

  private draw(): void {
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.rowHeight) - SPARE);
    const last = Math.ceil((this.root.scrollTop + this.root.clientHeight) / this.rowHeight) + SPARE;
    const from = first * this.columns;
    const to = Math.min(this.list.length, last * this.columns);
    const inSight = new Set<string>();
    for (let index = from; index < to; index++) {
      const image = this.list[index];
      if (image) inSight.add(image.id);
    }
    for (const [id, tile] of this.tiles) {
      if (inSight.has(id)) continue;
      this.tiles.delete(id);
      tile.root.hidden = true;
      this.free.push(tile);
    }
    for (let index = from; index < to; index++) {
      const image = this.list[index];
      if (image) this.place(image, index);
    }
    const selected = this.desk.selected;
    if (selected && this.tiles.has(selected)) this.root.setAttribute("aria-activedescendant", `tile-${selected}`);
    else this.root.removeAttribute("aria-activedescendant");
  }

  private place(image: Image, index: number): void {
    let tile = this.tiles.get(image.id);
    if (!tile) {
      tile = this.free.pop() ?? this.make();
      tile.root.hidden = false;
      tile.root.id = `tile-${image.id}`;
      tile.root.dataset.id = image.id;
      this.tiles.set(image.id, tile);
    }
    const x = GAP + (index % this.columns) * (this.side + GAP);
    const y = GAP + Math.floor(index / this.columns) * this.rowHeight;
    const { desk } = this;
    const state = desk.state;
    const selected = desk.selected === image.id;
    const shown = [image.id, x, y, image.stamp, image.score, image.error, image.revision, image.taught, selected, desk.threshold, desk.heat > 0, state?.generation, index, this.list.length, this.fast && tile.address === ""].join("|");
    if (tile.shown === shown) return;
    tile.shown = shown;
    tile.root.style.transform = `translate(${x}px, ${y}px)`;
    tile.root.setAttribute("aria-selected", String(selected));
    tile.root.setAttribute("aria-label", describe(image, desk));
    tile.root.setAttribute("aria-posinset", String(index + 1));
    tile.root.setAttribute("aria-setsize", String(this.list.length));
    const flagged = desk.flagged(image);
    const what = truth(image);
    const missed = desk.missed(image);
    const alarm = desk.alarm(image);
    tile.root.dataset.state = image.error ? "damaged" : missed ? "missed" : alarm ? "alarm" : flagged === undefined ? "waiting" : flagged ? "flagged" : "clear";
    const readable = image.error === undefined;
    const known = readable ? desk.engine.thumbnail(image) : "";
    const late = this.fast && tile.address !== known;
    this.load(tile, late ? "" : known);
    const heat = readable && !late && image.score !== undefined && state?.model.has_maps && desk.heat > 0;
    const heatAddress = heat && state ? desk.engine.heat(image, state) : "";
    if (tile.heatAddress !== heatAddress) {
      tile.heatAddress = heatAddress;
      tile.heat.hidden = !heatAddress;
      if (heatAddress) tile.heat.src = heatAddress;
      else tile.heat.removeAttribute("src");
    }
    tile.note.hidden = readable && image.score !== undefined;
    tile.note.textContent = image.error ?? (image.score === undefined ? "waiting for its score" : "");
    tile.score.textContent = image.score === undefined ? "–" : number(image.score);
    tile.model.textContent = flagged === undefined ? (image.score === undefined ? "" : "no threshold") : flagged ? "▲ defect" : "○ good";
    tile.model.title = flagged === undefined ? "" : "what the model says";
    tile.person.textContent = image.decision ? (what === "defect" ? (image.decision.mask ? "✕ defect ▧" : "✕ defect") : "✓ good") : what ? `(${what})` : "";
    tile.person.title = image.decision ? "what you decided" : what ? "what the data set says" : "";
    tile.flag.textContent = missed ? "missed" : alarm ? "false alarm" : image.taught ? "taught" : "";
    tile.flag.hidden = tile.flag.textContent === "";
    tile.name.textContent = image.name;
    tile.root.title = `${image.group}/${image.name}`;
  }

  /** Stops loading a picture that is no longer needed, so that it does not delay others. */
  private load(tile: Tile, address: string): void {
    if (tile.address === address) return;
    tile.address = address;
    tile.picture.hidden = !address;
    if (address) tile.picture.src = address;
    else tile.picture.removeAttribute("src");
  }

  private make(): Tile {
    const element = <K extends keyof HTMLElementTagNameMap>(kind: K, name: string, parent: HTMLElement) => {
      const made = document.createElement(kind);
      made.className = name;
      parent.append(made);
      return made;
    };
    const root = element("div", "tile", this.inner);
    root.setAttribute("role", "option");
    const frame = element("div", "tile-frame", root);
    const picture = element("img", "tile-picture", frame);
    picture.decoding = "async";
    picture.alt = "";
    picture.draggable = false;
    const heat = element("img", "tile-heat", frame);
    heat.decoding = "async";
    heat.alt = "";
    heat.draggable = false;
    const note = element("div", "tile-note", frame);
    const flag = element("div", "tile-flag", frame);
    const first = element("div", "tile-line", root);
    const score = element("span", "tile-score", first);
    const model = element("span", "tile-model", first);
    const second = element("div", "tile-line tile-second", root);
    const name = element("span", "tile-name", second);
    const person = element("span", "tile-person", second);
    return { root, picture, heat, note, score, model, person, name, flag, shown: "", address: "", heatAddress: "" };
  }
}
