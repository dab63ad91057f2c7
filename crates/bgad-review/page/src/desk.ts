// The state of the page and the actions on it: images, decisions, undo. No DOM.

import { type Changes, type Engine, type Image, type MaskChange, Refusal, type State, type Verdict } from "./engine";

export type Filter =
  | "all"
  | "open"
  | "flagged"
  | "missed"
  | "alarm"
  | "good"
  | "defect"
  | "taught"
  | "damaged";
export type Order = "high" | "low" | "near" | "name";

/** The verdict on an image: a person's, or else that of the data set. */
export function truth(image: Image): Verdict | undefined {
  return image.decision?.verdict ?? image.known?.verdict;
}

/** A replaced decision, for undo. */
interface Step {
  id: string;
  name: string;
  verdict: Verdict | null;
  kind: string;
  /** The earlier mask; null if there was none. */
  mask: Blob | null;
}

export interface Counts {
  good: number;
  defect: number;
  missed: number;
  alarms: number;
}

const UNDO_STEPS = 200;

export class Desk {
  images = new Map<string, Image>();
  /** Rises with each change of any image. */
  news = 0;
  state: State | null = null;
  filter: Filter = "all";
  group = "";
  order: Order = "high";
  heat = 0.5;
  outlines = true;
  /** The threshold while it is dragged; null means the one in use. */
  dragged: number | null = null;
  selected: string | null = null;
  /** The image that is shown large. */
  opened: string | null = null;
  message: { text: string; wrong: boolean } | null = null;
  offline = false;
  uploads: { done: number; all: number } | null = null;
  private steps: Step[] = [];
  private instance = "";
  private version = 0;
  private listeners = new Set<() => void>();
  private scheduled = false;
  private cached: Image[] | null = null;
  private messageTimer = 0;

  constructor(readonly engine: Engine) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Redraws, once per frame. */
  changed(): void {
    this.cached = null;
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      for (const listener of this.listeners) listener();
    });
  }

  say(text: string, wrong = false): void {
    this.message = { text, wrong };
    clearTimeout(this.messageTimer);
    this.messageTimer = window.setTimeout(
      () => {
        this.message = null;
        this.changed();
      },
      wrong ? 9000 : 3500,
    );
    this.changed();
  }

  fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.say(text === "Failed to fetch" ? "bgad review does not answer; is it still running?" : text, true);
  }

  /** Follows the engine's changes until the page is closed. */
  async follow(): Promise<void> {
    for (;;) {
      try {
        const changes = await this.engine.changes(this.instance, this.version, new AbortController().signal);
        this.offline = false;
        this.take(changes);
      } catch {
        this.offline = true;
        this.changed();
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  private take(changes: Changes): void {
    if (changes.complete) this.images.clear();
    for (const image of changes.images) {
      const known = this.images.get(image.id);
      // The answer to a decision may arrive before older changes.
      if (known && known.revision > image.revision && image.decision && !changes.complete) continue;
      this.images.set(image.id, image);
    }
    if (changes.complete || changes.images.length > 0) this.news += 1;
    this.instance = changes.instance;
    this.version = changes.version;
    this.state = changes.state;
    if (this.selected && !this.images.has(this.selected)) this.selected = null;
    if (this.opened && !this.images.has(this.opened)) this.opened = null;
    this.changed();
  }

  get threshold(): number {
    return this.dragged ?? this.state?.threshold ?? 0;
  }

  /** Whether the model calls an image a defect; undefined without a score. */
  flagged(image: Image): boolean | undefined {
    return image.score === undefined ? undefined : image.score > this.threshold;
  }

  missed(image: Image): boolean {
    return truth(image) === "defect" && this.flagged(image) === false;
  }

  alarm(image: Image): boolean {
    return truth(image) === "good" && this.flagged(image) === true;
  }

  passes(image: Image, filter: Filter): boolean {
    switch (filter) {
      case "all":
        return true;
      case "open":
        return truth(image) === undefined && image.error === undefined;
      case "flagged":
        return this.flagged(image) === true;
      case "missed":
        return this.missed(image);
      case "alarm":
        return this.alarm(image);
      case "good":
      case "defect":
        return truth(image) === filter;
      case "taught":
        return image.taught > 0;
      case "damaged":
        return image.error !== undefined;
    }
  }

  /** The images of the wall, in order. */
  list(): Image[] {
    if (this.cached) return this.cached;
    const chosen: Image[] = [];
    for (const image of this.images.values()) {
      if (this.group && image.group !== this.group) continue;
      if (this.passes(image, this.filter)) chosen.push(image);
    }
    const threshold = this.threshold;
    const name = (a: Image, b: Image) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1);
    const last = Number.NEGATIVE_INFINITY;
    const key: Record<Exclude<Order, "name">, (image: Image) => number> = {
      high: (image) => image.score ?? last,
      low: (image) => (image.score === undefined ? last : -image.score),
      near: (image) => (image.score === undefined ? last : -Math.abs(image.score - threshold)),
    };
    if (this.order === "name") chosen.sort(name);
    else {
      const of = key[this.order];
      chosen.sort((a, b) => of(b) - of(a) || name(a, b));
    }
    this.cached = chosen;
    return chosen;
  }

  counts(): Counts {
    const counts = { good: 0, defect: 0, missed: 0, alarms: 0 };
    for (const image of this.images.values()) {
      if (image.score === undefined) continue;
      const what = truth(image);
      if (what) counts[what] += 1;
      if (this.missed(image)) counts.missed += 1;
      if (this.alarm(image)) counts.alarms += 1;
    }
    return counts;
  }

  filterCounts(): Record<Filter, number> {
    const counts: Record<Filter, number> = {
      all: 0,
      open: 0,
      flagged: 0,
      missed: 0,
      alarm: 0,
      good: 0,
      defect: 0,
      taught: 0,
      damaged: 0,
    };
    const filters = Object.keys(counts) as Filter[];
    for (const image of this.images.values()) {
      if (this.group && image.group !== this.group) continue;
      for (const filter of filters) if (this.passes(image, filter)) counts[filter] += 1;
    }
    return counts;
  }

  groups(): string[] {
    const groups = new Set<string>();
    for (const image of this.images.values()) groups.add(image.group);
    return [...groups].sort();
  }

  kinds(): string[] {
    const kinds = new Set<string>();
    for (const image of this.images.values()) {
      if (image.decision?.kind) kinds.add(image.decision.kind);
      if (image.known?.kind) kinds.add(image.known.kind);
    }
    return [...kinds].sort();
  }

  /** Stores a decision at once; returns whether that succeeded. */
  async decide(id: string, verdict: Verdict | null, options: { kind?: string; mask?: MaskChange; undo?: boolean } = {}): Promise<boolean> {
    const image = this.images.get(id);
    if (!image) return false;
    if (image.score === undefined) {
      this.say(image.error ? "This image can't be read, so there is nothing to decide." : "This image has no score yet.", true);
      return false;
    }
    const kind = options.kind ?? image.decision?.kind ?? image.known?.kind ?? "";
    const mask = options.mask ?? "keep";
    try {
      if (options.undo !== false) {
        const losing = image.decision?.mask && (verdict !== "defect" || mask !== "keep");
        this.steps.push({
          id,
          name: image.name,
          verdict: image.decision?.verdict ?? null,
          kind: image.decision?.kind ?? "",
          mask: image.decision?.mask && losing ? await this.engine.mask(id) : null,
        });
        if (this.steps.length > UNDO_STEPS) this.steps.shift();
      }
      const stored = await this.engine.decide(id, verdict, verdict === "defect" ? kind : "", mask, image.revision);
      this.images.set(id, stored);
      this.news += 1;
      this.changed();
      return true;
    } catch (error) {
      if (options.undo !== false) this.steps.pop();
      if (error instanceof Refusal && error.stale) this.say("Someone decided in another window. That decision is shown now; decide again if it is wrong.", true);
      else this.fail(error);
      return false;
    }
  }

  /** Undoes the last decision; returns its image. */
  async undo(): Promise<string | null> {
    const step = this.steps.pop();
    if (!step) {
      this.say("Nothing to undo in this window.");
      return null;
    }
    const done = await this.decide(step.id, step.verdict, {
      kind: step.kind,
      mask: step.mask ?? (step.verdict === "defect" ? "keep" : "remove"),
      undo: false,
    });
    if (done) this.say(`Undone: ${step.name}`);
    return done ? step.id : null;
  }

  get canUndo(): boolean {
    return this.steps.length > 0;
  }

  /** The neighbour of an image on the wall. */
  neighbour(id: string | null, by: number): string | null {
    const list = this.list();
    const at = list.findIndex((image) => image.id === id);
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    return next?.id ?? null;
  }

  /** The next undecided image on the wall; after the last one, it starts again. */
  nextOpen(id: string | null): string | null {
    const list = this.list();
    const at = list.findIndex((image) => image.id === id);
    for (let step = 1; step <= list.length; step++) {
      const image = list[(at + step) % list.length];
      if (image && truth(image) === undefined && image.score !== undefined) return image.id;
    }
    this.say("All images on this wall are decided.");
    return null;
  }

  async upload(files: File[]): Promise<void> {
    const images = files.filter((file) => /\.(png|jpe?g|bmp|tiff?|webp)$/i.test(file.name));
    if (images.length === 0) {
      this.say("No images found: use PNG, JPEG, BMP, TIFF or WebP files.", true);
      return;
    }
    const refused: string[] = [];
    this.uploads = { done: 0, all: images.length };
    this.changed();
    const limit = this.state?.limits.upload_bytes ?? Number.POSITIVE_INFINITY;
    for (const file of images) {
      try {
        if (file.size > limit) throw new Error(`${file.name}: larger than ${Math.round(limit / 2 ** 20)} MiB`);
        const image = await this.engine.upload(file);
        if (!this.images.has(image.id)) this.images.set(image.id, image);
        this.news += 1;
      } catch (error) {
        refused.push(error instanceof Error ? error.message : String(error));
      }
      this.uploads = { done: this.uploads.done + 1, all: images.length };
      this.changed();
    }
    this.uploads = null;
    const taken = images.length - refused.length;
    if (refused[0]) this.say(`${taken} of ${images.length} images added. ${refused[0]}`, true);
    else this.say(`${taken} ${taken === 1 ? "image" : "images"} added.`);
  }

  /** Images that a lesson can contain: decided and not taught yet. */
  lesson(): { missed: Image[]; alarms: Image[]; found: Image[] } {
    const lesson = { missed: [] as Image[], alarms: [] as Image[], found: [] as Image[] };
    for (const image of this.images.values()) {
      if (!image.decision || image.score === undefined || image.taught > 0) continue;
      const flagged = this.flagged(image) ?? false;
      if (image.decision.verdict === "defect") (flagged ? lesson.found : lesson.missed).push(image);
      else if (flagged) lesson.alarms.push(image);
    }
    return lesson;
  }
}
