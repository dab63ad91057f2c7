// The image that is shown large: loads it, stores what is painted on it, undoes strokes.

import { type Desk, reason } from "./desk";
import { ask, type Detail, type MaskChange, type Region, type Verdict } from "./engine";
import { readHeat } from "./heat";
import { Painter, type Tool, toPng } from "./painter";
import { Stage } from "./stage";

export const NOT_STORED = "not stored yet";

/** A mask to store. */
interface Job {
  id: string;
  painter: Painter;
  mask: string;
  /** null if nothing is painted. */
  picture: HTMLCanvasElement | null;
  /** Whether the page may be about to close, so that nothing can be waited for. */
  now: boolean;
}

export class Easel {
  readonly stage: Stage;
  detail: Detail | null = null;
  problem = "";
  tool: Tool = "move";
  brush = 16;
  /** Whether the painted mask is shown. */
  mask = true;
  zoom = 1;
  /** What became of the last stroke. */
  saved = "";
  private id = "";
  /** The revision whose mask is shown; a different one comes from another window. */
  private revision = 0;
  private opened = 0;
  private hiding = false;
  private next: Job | null = null;
  private saving: Promise<void> | null = null;
  /** Whether a stroke could not be stored, because the server did not answer. */
  private unsaved = false;
  /** Whether undo can return to the image as it was before its first stroke. */
  private begun = false;
  private readonly listeners = new AbortController();

  constructor(
    private readonly desk: Desk,
    private readonly canvas: HTMLCanvasElement,
    private readonly changed: () => void,
  ) {
    this.stage = new Stage(canvas);
    this.stage.onZoom = (zoom) => {
      this.zoom = zoom;
      this.changed();
    };
    this.stage.onStroke = () => this.save();
    const { signal } = this.listeners;
    // A page in the background may be closed without another word.
    window.addEventListener("pagehide", () => this.hide(), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.hide(), { signal });
  }

  close(): void {
    this.stage.finish();
    this.opened += 1;
    this.id = "";
    this.release();
    this.listeners.abort();
    this.stage.close();
  }

  /** Shows another image, or the same one with another model. */
  async show(id: string): Promise<void> {
    const turn = ++this.opened;
    try {
      await this.open(id, () => turn !== this.opened);
    } catch (error) {
      if (turn !== this.opened) return;
      this.problem = reason(error);
    }
    this.changed();
  }

  private async open(id: string, isGone: () => boolean): Promise<void> {
    const { desk, stage } = this;
    // Strokes that are not stored yet outlast another model and a restart of the server.
    const strokes = this.unsaved && this.id === id ? stage.painter : null;
    // No stroke may end up in the mask of the next image, whose picture is still on its way.
    if (this.id !== id) stage.painter = null;
    this.id = id;
    this.detail = null;
    this.problem = "";
    if (!strokes) {
      this.unsaved = this.begun = false;
      this.saved = "";
      this.release();
    }
    this.changed();
    const now = desk.images.get(id);
    if (!now) return;
    if (now.error) {
      stage.show(null);
      this.problem = now.error;
      return;
    }
    const answer = await ask(desk.engine.picture(now));
    const bitmap = await createImageBitmap(await answer.blob(), { imageOrientation: "none" } as ImageBitmapOptions);
    if (isGone()) return bitmap.close();
    stage.show(bitmap);
    this.brush = Math.max(3, Math.round(Math.max(bitmap.width, bitmap.height) / 24));
    this.changed();
    if (now.score === undefined) return;
    const detail = await desk.engine.detail(id);
    if (isGone()) return;
    this.detail = detail;
    const painter = strokes ?? new Painter(detail.width, detail.height);
    const stored = desk.images.get(id);
    if (!strokes) await painter.load(stored?.decision?.mask ? await desk.engine.mask(id) : null);
    if (isGone()) return;
    this.revision = stored?.revision ?? 0;
    stage.painter = painter;
    stage.start = middle(detail.regions);
    this.changed();
    if (detail.has_map && desk.state) {
      const heat = await readHeat(desk.engine.map(now, desk.state));
      if (isGone()) return;
      stage.heat = heat;
    }
    stage.draw();
  }

  /** After a decision in another window or an undo, shows that mask instead of this one. */
  follow(revision: number): void {
    const { painter } = this.stage;
    if (!painter || this.saving || this.unsaved || this.revision === revision) return;
    this.revision = revision;
    this.reload(painter, this.id).catch((error: unknown) => this.desk.fail(error));
  }

  /** Stores strokes that the server did not get. */
  again(): void {
    if (this.unsaved) this.save();
  }

  private async reload(painter: Painter, id: string): Promise<void> {
    this.begun = false;
    await painter.load(this.desk.images.get(id)?.decision?.mask ? await this.desk.engine.mask(id) : null);
    this.stage.draw();
  }

  private hide(): void {
    this.hiding = true;
    this.stage.finish();
    this.hiding = false;
  }

  /** Stores the mask; strokes made in the meantime are stored together afterwards. */
  private save(): void {
    const { desk, id } = this;
    const { painter } = this.stage;
    if (!painter) return;
    const mask = painter.runs();
    desk.drafts.keep(id, painter, desk.images.get(id)?.revision ?? 0, mask);
    desk.drafts.held.add(id);
    this.next = { id, painter, mask, picture: mask === "" ? null : painter.copy(), now: this.hiding };
    this.saved = "saving…";
    this.saving ??= this.flush();
    this.changed();
  }

  private async flush(): Promise<void> {
    for (let job = this.next; job; job = this.next) {
      this.next = null;
      await this.store(job).catch((error: unknown) => this.desk.fail(error));
    }
    this.saving = null;
    this.release();
    this.changed();
  }

  /** Leaves drafts to others, except the one of this image that is sent again from here. */
  private release(): void {
    const { held } = this.desk.drafts;
    if (this.saving) return;
    for (const id of [...held]) if (!this.unsaved || id !== this.id) held.delete(id);
  }

  private async store({ id, painter, mask, picture, now }: Job): Promise<void> {
    const { desk } = this;
    desk.drafts.sending(id, mask);
    const png: MaskChange = !picture ? "remove" : now ? { png: base64(picture) } : await toPng(picture);
    // The strokes of a visit are undone one by one here, and later as one step.
    const stored = await desk.decide(id, "defect", { mask: png, undo: !this.begun && !now });
    const revision = desk.images.get(id)?.revision ?? 0;
    if (stored === "stored") desk.drafts.stored(id, mask, revision);
    if (stored === "stale") desk.drafts.drop(id);
    if (this.stage.painter !== painter) return;
    this.unsaved = stored === "failed";
    this.saved = stored === "stored" ? "saved" : this.unsaved ? NOT_STORED : "";
    if (this.unsaved) return;
    this.revision = revision;
    this.begun = stored === "stored";
    if (stored === "stale") await this.reload(painter, id);
  }

  async decide(verdict: Verdict): Promise<void> {
    this.stage.finish();
    await this.saving;
    if ((await this.desk.decide(this.id, verdict)) === "stored") this.saved = "saved";
    this.changed();
  }

  /** Undoes the last stroke, or else the last decision; returns the image that it was about. */
  async undo(): Promise<string | null> {
    if (this.stage.cancel()) return null;
    const { painter } = this.stage;
    if (painter?.undo()) {
      this.stage.draw();
      await this.saving;
      // The first stroke also decided, so undoing it returns to what was there before.
      if (painter.canUndo || !this.begun) {
        this.save();
        return null;
      }
      this.begun = false;
    }
    return this.desk.undo();
  }

  clear(): void {
    const { painter } = this.stage;
    this.stage.finish();
    if (!painter || painter.isEmpty()) return;
    painter.begin();
    painter.clear();
    painter.end();
    this.stage.draw();
    this.save();
  }

  take(tool: Tool): void {
    this.stage.finish();
    this.tool = tool;
    // Keys paint where the focus is.
    this.canvas.focus({ preventScroll: true });
    this.changed();
  }

  size(brush: number): void {
    this.brush = brush;
    this.changed();
  }

  showMask(mask: boolean): void {
    this.mask = mask;
    this.changed();
  }

  /** Moves the cursor that keys paint with. */
  step(alongX: number, alongY: number, far: boolean): void {
    const by = Math.max(1, Math.round(this.brush / 4)) * (far ? 4 : 1);
    this.stage.step(alongX * by, alongY * by);
  }

  /** Begins or ends a stroke where the cursor is. */
  press(): void {
    this.stage.press();
    this.changed();
  }
}

/** The middle of the place that the model finds oddest. */
function middle(regions: Region[]): { x: number; y: number } | null {
  const [first] = [...regions].sort((a, b) => b.peak - a.peak);
  return first ? { x: Math.round(first.left + first.width / 2), y: Math.round(first.top + first.height / 2) } : null;
}

function base64(picture: HTMLCanvasElement): string {
  return picture.toDataURL("image/png").split(",", 2)[1] ?? "";
}
