// What mouse, pen and fingers do on the large image: they paint, move and zoom.

import type { Stage } from "./stage";

interface Point {
  x: number;
  y: number;
}

export class Pointers {
  /** Those that are down, in pixels of the canvas. */
  private readonly down = new Map<number, Point>();

  constructor(private readonly stage: Stage) {
    const { canvas } = stage;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.end(event));
    canvas.addEventListener("pointercancel", (event) => this.end(event));
    canvas.addEventListener("pointerleave", () => stage.point(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  private at(event: MouseEvent): Point {
    const box = this.stage.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private begin(event: PointerEvent): void {
    const { stage } = this;
    stage.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    // A stroke by keys may still be going on.
    if (this.down.size === 0) stage.finish();
    this.down.set(event.pointerId, at);
    // A second finger moves and zooms, so what the first one began to paint is taken back.
    if (this.down.size > 1) stage.cancel();
    else if (event.button === 0) {
      // The other end of a pen erases.
      const erase = event.pointerType === "pen" && (event.buttons & 32) !== 0;
      stage.begin(stage.toImage(at), erase);
    }
  }

  private move(event: PointerEvent): void {
    const { stage } = this;
    const at = this.at(event);
    const before = this.down.get(event.pointerId);
    stage.point(event.pointerType === "touch" ? null : stage.toImage(at));
    if (before && this.down.size === 2) this.pinch(event.pointerId, before, at);
    else if (before && stage.pen.isDown) {
      const moves = stage.pen.box ? [event] : (event.getCoalescedEvents?.() ?? [event]);
      for (const each of moves.length ? moves : [event]) stage.pen.move(stage.toImage(this.at(each)));
    } else if (before) stage.pan(at.x - before.x, at.y - before.y);
    if (before) this.down.set(event.pointerId, at);
    stage.draw();
  }

  private pinch(id: number, before: Point, at: Point): void {
    const other = [...this.down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const length = (to: Point) => Math.hypot(to.x - other.x, to.y - other.y) || 1;
    this.stage.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.stage.zoom(length(at) / length(before), (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  private end(event: PointerEvent): void {
    this.down.delete(event.pointerId);
    if (this.down.size > 0) return;
    if (event.type === "pointercancel") this.stage.cancel();
    else this.stage.finish();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { x, y } = this.at(event);
    this.stage.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), x, y);
  }
}
