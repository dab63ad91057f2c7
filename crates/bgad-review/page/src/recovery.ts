// Sends the masks that a closed page, or a server that did not answer, left behind.

import type { Draft } from "./drafts";
import type { Desk } from "./desk";
import type { Image } from "./engine";
import { Painter } from "./painter";

export class Recovery {
  private running = false;
  /** Drafts that could not be stored; they are tried again when the server answers again. */
  private readonly tried = new Set<string>();

  constructor(private readonly desk: Desk) {}

  /** The server answers again. */
  again(): void {
    this.tried.clear();
  }

  /** Stores the drafts of images that are on the wall and have a score. */
  async run(): Promise<void> {
    const { drafts, images } = this.desk;
    if (this.running) return;
    this.running = true;
    for (const draft of drafts.left()) {
      const image = images.get(draft.id);
      if (!image || image.score === undefined || this.tried.has(draft.id)) continue;
      this.tried.add(draft.id);
      await this.send(draft, image).catch((error: unknown) => this.desk.fail(error));
    }
    this.running = false;
  }

  private async send(draft: Draft, image: Image): Promise<void> {
    const { desk } = this;
    const painter = new Painter(draft.width, draft.height);
    if (image.revision !== draft.revision) {
      await painter.load(image.decision?.mask ? await desk.engine.mask(draft.id) : null);
      const stored = painter.runs();
      // It arrived, and only the answer did not.
      if (stored === draft.mask) return desk.drafts.drop(draft.id);
      if (stored !== draft.sent) {
        desk.drafts.drop(draft.id);
        return desk.say(`${image.name} was decided in another window, so the last strokes of this one were not stored.`, true);
      }
    }
    painter.show(draft.mask);
    const png = await painter.png();
    // Someone may have begun to paint here in the meantime.
    if (desk.drafts.get(draft.id) !== draft || desk.drafts.held.has(draft.id)) return;
    desk.drafts.sending(draft.id, draft.mask);
    const stored = await desk.decide(draft.id, "defect", { mask: png ?? "remove" });
    if (stored === "stale") desk.drafts.drop(draft.id);
    if (stored !== "stored") return;
    desk.drafts.stored(draft.id, draft.mask, desk.images.get(draft.id)?.revision ?? 0);
    desk.say(`Your last strokes on ${image.name} are stored now.`);
  }
}
