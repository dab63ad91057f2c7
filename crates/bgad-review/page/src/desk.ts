// The state of the page and the actions on it: images, decisions, undo.

import { Collection, truth } from "./collection";
import { browserStorage, Drafts } from "./drafts";
import { type Changes, type Engine, type MaskChange, Refusal, type Verdict } from "./engine";
import { Recovery } from "./recovery";
import { Steps } from "./steps";
import { number } from "./words";

/** What became of a decision: `stale` if another window was faster. */
export type Stored = "stored" | "stale" | "failed";

export class Desk extends Collection {
  /** Rises with each change of any image. */
  news = 0;
  heat = 0.5;
  outlines = true;
  selected: string | null = null;
  /** The image that is shown large. */
  opened: string | null = null;
  message: { text: string; wrong: boolean } | null = null;
  offline = false;
  uploads: { done: number; all: number } | null = null;
  readonly drafts = new Drafts(browserStorage());
  private readonly recovery = new Recovery(this);
  private readonly steps = new Steps();
  /** The last request that changes something. The next one waits for it, because it builds on its answer. */
  private last: Promise<unknown> = Promise.resolve();
  /** Counts moves of the threshold; of several that wait, only the latest is stored. */
  private moves = 0;
  /** Older states don't know the threshold that this window stored. */
  private thresholdVersion = 0;
  private instance = "";
  private version = 0;
  private listeners = new Set<() => void>();
  private scheduled = false;
  private messageTimer = 0;

  constructor(readonly engine: Engine) {
    super();
  }

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
    this.say(reason(error), true);
  }

  /** Follows the engine's changes until the page is closed. */
  async follow(): Promise<void> {
    for (;;) {
      try {
        const changes = await this.engine.changes(this.instance, this.version, new AbortController().signal);
        if (this.offline) this.recovery.again();
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
    const isSame = changes.instance === this.instance && changes.state.generation === this.state?.generation;
    if (isSame && this.state && changes.version < this.thresholdVersion) changes.state.threshold = this.state.threshold;
    if (!isSame) this.thresholdVersion = 0;
    this.instance = changes.instance;
    this.version = changes.version;
    this.state = changes.state;
    if (this.selected && !this.images.has(this.selected)) this.selected = null;
    if (this.opened && !this.images.has(this.opened)) this.opened = null;
    this.drafts.open(changes.state.store);
    void this.recovery.run();
    this.changed();
  }

  /** Stores a decision at once. */
  decide(id: string, verdict: Verdict | null, options: { kind?: string; mask?: MaskChange; undo?: boolean } = {}): Promise<Stored> {
    return this.inTurn(() => this.store(id, verdict, options));
  }

  private async store(id: string, verdict: Verdict | null, options: { kind?: string; mask?: MaskChange; undo?: boolean }): Promise<Stored> {
    const image = this.images.get(id);
    if (!image) {
      this.say("This image is no longer on the wall.", true);
      return "failed";
    }
    if (image.score === undefined) {
      this.say(image.error ? "This image can't be read, so there is nothing to decide." : "This image has no score yet.", true);
      return "failed";
    }
    const { decision } = image;
    const kind = verdict === "defect" ? (options.kind ?? decision?.kind ?? image.known?.kind ?? "") : "";
    const mask = options.mask ?? "keep";
    if (mask === "keep" && verdict === (decision?.verdict ?? null) && kind === (decision?.kind ?? "")) return "stored";
    let step = null;
    try {
      if (options.undo !== false) {
        const isLost = decision?.mask && (verdict !== "defect" || mask !== "keep");
        step = this.steps.add({
          what: "decision",
          id,
          name: image.name,
          verdict: decision?.verdict ?? null,
          kind: decision?.kind ?? "",
          mask: isLost ? await this.engine.mask(id) : decision?.mask ? "keep" : "remove",
        });
      }
      const stored = await this.engine.decide(id, verdict, kind, mask, image.revision);
      this.images.set(id, stored);
      this.news += 1;
      this.changed();
      return "stored";
    } catch (error) {
      if (step) this.steps.remove(step);
      if (!(error instanceof Refusal && error.stale)) {
        this.fail(error);
        return "failed";
      }
      this.say("Someone decided in another window. That decision is shown now; decide again if it is wrong.", true);
      return "stale";
    }
  }

  /** Shows the threshold where it is dragged to, before it is stored. */
  dragThreshold(to: number): void {
    this.dragged = to;
    this.changed();
  }

  /** Stores the threshold; null is the model's own. The keys of one move `join` into one step for undo. */
  async moveThreshold(to: number | null, join = false): Promise<void> {
    const move = ++this.moves;
    this.dragged = to ?? this.state?.model.threshold ?? null;
    this.changed();
    await this.inTurn(async () => {
      if (move !== this.moves) return;
      await this.storeThreshold(to, (before, model) => this.steps.addMove({ what: "threshold", before, model, open: join }));
    });
    if (move === this.moves) this.dragged = null;
    this.changed();
  }

  /** Stores a threshold; returns whether it did. `added` is told the one before. */
  private async storeThreshold(to: number | null, added: (before: number | null, model: string) => void): Promise<boolean> {
    const { state } = this;
    if (!state) return false;
    const before = state.threshold;
    const wanted = to ?? state.model.threshold;
    if (wanted === before) return true;
    try {
      this.thresholdVersion = await this.engine.setThreshold(to, before);
      if (this.state) this.state.threshold = wanted;
      added(before, state.model.digest);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Ends a move by keys: the next one is another step for undo. */
  endMove(): void {
    this.steps.endMove();
  }

  /** Undoes the last decision or move of the threshold; returns the image that it was about. */
  async undo(): Promise<string | null> {
    await this.last;
    const step = this.steps.take();
    if (!step) {
      this.say("Nothing to undo in this window.");
      return null;
    }
    if (step.what === "decision") {
      const stored = await this.decide(step.id, step.verdict, { kind: step.kind, mask: step.mask, undo: false });
      if (stored === "stored") this.say(`Undone: ${step.name}`);
      if (stored === "failed") this.steps.put(step);
      return stored === "stored" ? step.id : null;
    }
    if (step.model !== this.state?.model.digest) {
      this.say("That threshold belongs to another model, so it stays where it is.");
      return null;
    }
    const done = await this.inTurn(() => this.storeThreshold(step.before, () => {}));
    if (!done) this.steps.put(step);
    else this.say(step.before === null ? "Undone: there is no threshold again" : `Undone: the threshold is ${number(step.before)} again`);
    this.changed();
    return null;
  }

  get canUndo(): boolean {
    return !this.steps.isEmpty;
  }

  /** Does this after the requests before it have been answered. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  /** The next undecided image on the wall; after the last one, it starts again. */
  nextOpen(id: string | null): string | null {
    const list = this.list();
    const at = list.findIndex((image) => image.id === id);
    for (let step = 1; step <= list.length; step++) {
      const image = list[(at + step) % list.length];
      if (image && truth(image) === undefined && image.score !== undefined) return image.id;
    }
    this.say("All images shown here are decided.");
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
        refused.push(reason(error));
      }
      this.uploads = { done: this.uploads.done + 1, all: images.length };
      this.changed();
    }
    this.uploads = null;
    const taken = images.length - refused.length;
    if (refused[0]) this.say(`${taken} of ${images.length} images added. ${refused[0]}`, true);
    else this.say(`${taken} ${taken === 1 ? "image" : "images"} added.`);
  }

}

/** Why something failed, in one sentence. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
