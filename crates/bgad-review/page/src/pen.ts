// One stroke of the brush or the eraser, or one box, by a pointer or by keys.

import type { Painter, Tool } from "./painter";

interface Stroke {
  painter: Painter;
  tool: Tool;
  size: number;
  erase: boolean;
  startX: number;
  startY: number;
  x: number;
  y: number;
}

export class Pen {
  private stroke: Stroke | null = null;

  get isDown(): boolean {
    return this.stroke !== null;
  }

  /** The corners of the box that is being drawn. */
  get box(): { startX: number; startY: number; x: number; y: number } | null {
    return this.stroke?.tool === "box" ? this.stroke : null;
  }

  begin(painter: Painter, tool: Tool, size: number, at: { x: number; y: number }, erase: boolean): void {
    painter.begin();
    this.stroke = { painter, tool, size, erase, startX: at.x, startY: at.y, ...at };
    if (tool !== "box") painter.line(at.x, at.y, at.x, at.y, size, erase);
  }

  move(to: { x: number; y: number }): void {
    const { stroke } = this;
    if (!stroke) return;
    if (stroke.tool !== "box") stroke.painter.line(stroke.x, stroke.y, to.x, to.y, stroke.size, stroke.erase);
    stroke.x = to.x;
    stroke.y = to.y;
  }

  /** Ends the stroke; returns whether it touched the image. */
  end(): boolean {
    const { stroke } = this;
    this.stroke = null;
    if (!stroke) return false;
    if (stroke.tool === "box") stroke.painter.box(stroke.startX, stroke.startY, stroke.x, stroke.y);
    return stroke.painter.end();
  }

  /** Takes the stroke back; returns whether there was one. */
  cancel(): boolean {
    const { stroke } = this;
    this.stroke = null;
    if (stroke?.painter.end()) stroke.painter.undo();
    return stroke !== null;
  }
}
