// One large image with zoom, heat map, outlines and a brush, drawn on one canvas.

import type { Heat } from "./heat";
import { Painter, type Tool } from "./painter";

export interface Look {
  heat: number;
  outlines: boolean;
  mask: boolean;
}

const NEAREST = 40;

export class Stage {
  look: Look = { heat: 0.5, outlines: true, mask: true };
  tool: Tool = "move";
  brush = 16;
  heat: Heat | null = null;
  painter: Painter | null = null;
  /** Called after each stroke. */
  onStroke: () => void = () => {};
  onZoom: (scale: number) => void = () => {};
  private picture: ImageBitmap | null = null;
  private width = 1;
  private height = 1;
  private scale = 1;
  private x = 0;
  private y = 0;
  private readonly context: CanvasRenderingContext2D;
  private readonly pattern: HTMLCanvasElement;
  private readonly tint = document.createElement("canvas");
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private cursor: { x: number; y: number } | null = null;
  private stroke: { x: number; y: number; startX: number; startY: number; erase: boolean } | null = null;
  private scheduled = false;
  private fitted = true;
  private readonly observer: ResizeObserver;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d") as CanvasRenderingContext2D;
    this.pattern = hatch();
    this.observer = new ResizeObserver(() => {
      if (this.fitted) this.fit();
      this.draw();
    });
    this.observer.observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.draw();
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { x, y } = this.at(event);
        this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), x, y);
      },
      { passive: false },
    );
  }

  close(): void {
    this.observer.disconnect();
    this.picture?.close();
  }

  /** Shows another image; null while it loads. */
  show(picture: ImageBitmap | null): void {
    this.picture?.close();
    this.picture = picture;
    this.heat = null;
    this.painter = null;
    this.stroke = null;
    if (picture) {
      this.width = picture.width;
      this.height = picture.height;
      this.fit();
    }
    this.draw();
  }

  fit(): void {
    const { clientWidth, clientHeight } = this.canvas;
    this.scale = Math.min(clientWidth / this.width, clientHeight / this.height) * 0.98 || 1;
    this.x = (clientWidth - this.width * this.scale) / 2;
    this.y = (clientHeight - this.height * this.scale) / 2;
    this.fitted = true;
    this.onZoom(this.scale);
    this.draw();
  }

  zoom(by: number, aroundX = this.canvas.clientWidth / 2, aroundY = this.canvas.clientHeight / 2): void {
    const least = Math.min(1, Math.min(this.canvas.clientWidth / this.width, this.canvas.clientHeight / this.height) * 0.5);
    const scale = Math.min(NEAREST, Math.max(least, this.scale * by));
    this.x = aroundX - ((aroundX - this.x) * scale) / this.scale;
    this.y = aroundY - ((aroundY - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.onZoom(scale);
    this.draw();
  }

  pan(byX: number, byY: number): void {
    this.x += byX;
    this.y += byY;
    this.fitted = false;
    this.draw();
  }

  draw(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.paint();
    });
  }

  private paint(): void {
    const { canvas, context } = this;
    const fine = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * fine), Math.round(canvas.clientHeight * fine)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.picture || width === 0 || height === 0) return;
    const place = () => context.setTransform(fine * this.scale, 0, 0, fine * this.scale, fine * this.x, fine * this.y);
    place();
    context.imageSmoothingEnabled = this.scale < 3;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, 0, 0);
    if (this.heat && this.look.heat > 0) {
      context.imageSmoothingEnabled = true;
      context.globalAlpha = this.look.heat;
      context.drawImage(this.heat.picture, 0, 0, this.width, this.height);
      context.globalAlpha = 1;
    }
    if (this.look.mask && this.painter) this.paintMask(width, height, fine);
    if (this.heat && this.look.outlines) {
      const { heat } = this;
      const [x, y] = [this.width / heat.width, this.height / heat.height];
      const path = new Path2D();
      path.addPath(heat.outline, new DOMMatrix([fine * this.scale * x, 0, 0, fine * this.scale * y, fine * this.x, fine * this.y]));
      context.setTransform(1, 0, 0, 1, 0, 0);
      // White with a black edge is visible on any background.
      context.lineWidth = 4 * fine;
      context.lineCap = "round";
      context.strokeStyle = "#000c";
      context.stroke(path);
      context.lineWidth = 1.8 * fine;
      context.strokeStyle = "#fff";
      context.stroke(path);
    }
    context.setTransform(fine, 0, 0, fine, 0, 0);
    this.paintTool();
  }

  /** Hatched, so that its pattern also distinguishes it from the heat map. */
  private paintMask(width: number, height: number, fine: number): void {
    const { tint, painter } = this;
    if (!painter) return;
    if (tint.width !== width || tint.height !== height) {
      tint.width = width;
      tint.height = height;
    }
    const mask = tint.getContext("2d") as CanvasRenderingContext2D;
    mask.setTransform(1, 0, 0, 1, 0, 0);
    mask.globalCompositeOperation = "copy";
    mask.setTransform(fine * this.scale, 0, 0, fine * this.scale, fine * this.x, fine * this.y);
    mask.imageSmoothingEnabled = false;
    mask.drawImage(painter.canvas, 0, 0);
    mask.setTransform(fine, 0, 0, fine, 0, 0);
    mask.globalCompositeOperation = "source-in";
    mask.fillStyle = mask.createPattern(this.pattern, "repeat") as CanvasPattern;
    mask.fillRect(0, 0, width / fine, height / fine);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.drawImage(tint, 0, 0);
  }

  private paintTool(): void {
    const { context, cursor, stroke } = this;
    const ring = (draw: () => void) => {
      for (const [width, colour] of [[3, "#000a"], [1.4, "#fff"]] as const) {
        context.lineWidth = width;
        context.strokeStyle = colour;
        context.beginPath();
        draw();
        context.stroke();
      }
    };
    if (this.tool === "box" && stroke) {
      const from = this.toScreen(stroke.startX, stroke.startY);
      const to = this.toScreen(stroke.x, stroke.y);
      ring(() => context.rect(from.x, from.y, to.x - from.x, to.y - from.y));
    } else if (cursor && (this.tool === "brush" || this.tool === "erase")) {
      ring(() => context.arc(cursor.x, cursor.y, Math.max(1.5, (this.brush * this.scale) / 2), 0, 2 * Math.PI));
    }
  }

  private toScreen(x: number, y: number): { x: number; y: number } {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  private toImage(at: { x: number; y: number }): { x: number; y: number } {
    return { x: (at.x - this.x) / this.scale, y: (at.y - this.y) / this.scale };
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size > 1) {
      // A second finger moves and zooms, so undo what the first one began to paint.
      if (this.stroke) {
        this.painter?.end();
        this.painter?.undo();
        this.stroke = null;
      }
      return;
    }
    const paints = this.painter && this.tool !== "move" && event.button === 0;
    if (!paints || !this.painter) return;
    const { x, y } = this.toImage(at);
    // The other end of a pen erases.
    const erase = this.tool === "erase" || (event.pointerType === "pen" && (event.buttons & 32) !== 0);
    this.painter.begin();
    this.stroke = { x, y, startX: x, startY: y, erase };
    if (this.tool !== "box") this.painter.line(x, y, x, y, this.brush, erase);
    this.draw();
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    const before = this.pointers.get(event.pointerId);
    this.cursor = event.pointerType === "touch" ? null : at;
    if (before && this.pointers.size === 2) this.pinch(event.pointerId, before, at);
    else if (before && this.stroke && this.painter) {
      const moves = this.tool === "box" ? [event] : (event.getCoalescedEvents?.() ?? [event]);
      for (const each of moves.length ? moves : [event]) {
        const { x, y } = this.toImage(this.at(each));
        if (this.tool !== "box") this.painter.line(this.stroke.x, this.stroke.y, x, y, this.brush, this.stroke.erase);
        this.stroke.x = x;
        this.stroke.y = y;
      }
    } else if (before) this.pan(at.x - before.x, at.y - before.y);
    if (before) this.pointers.set(event.pointerId, at);
    this.draw();
  }

  private pinch(id: number, before: { x: number; y: number }, at: { x: number; y: number }): void {
    const other = [...this.pointers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const length = (to: { x: number; y: number }) => Math.hypot(to.x - other.x, to.y - other.y) || 1;
    this.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.zoom(length(at) / length(before), (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    if (!this.stroke || !this.painter || this.pointers.size > 0) return;
    const { startX, startY, x, y } = this.stroke;
    if (this.tool === "box") this.painter.box(startX, startY, x, y);
    this.stroke = null;
    if (event.type === "pointercancel") {
      this.painter.end();
      this.painter.undo();
    } else if (this.painter.end()) this.onStroke();
    this.draw();
  }
}

function hatch(): HTMLCanvasElement {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const context = tile.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = "rgba(255, 255, 255, 0.38)";
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = "rgba(150, 0, 160, 0.95)";
  context.lineWidth = 2.2;
  context.beginPath();
  for (const shift of [-8, 0, 8]) {
    context.moveTo(shift, 8);
    context.lineTo(shift + 8, 0);
  }
  context.stroke();
  return tile;
}
