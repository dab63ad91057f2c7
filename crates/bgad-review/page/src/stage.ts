// One large image with zoom, heat map, outlines and a brush, drawn on one canvas.

import { hatch } from "./hatch";
import type { Heat } from "./heat";
import type { Painter, Tool } from "./painter";
import { Pen } from "./pen";
import { Pointers } from "./pointers";

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
  readonly pen = new Pen();
  /** Where the cursor starts that keys move, in pixels of the image; null for the middle. */
  start: { x: number; y: number } | null = null;
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
  /** Where the tool is, in pixels of the image. */
  private cursor: { x: number; y: number } | null = null;
  /** Whether keys moved it there. */
  private byKeys = false;
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
    new Pointers(this);
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
    this.pen.cancel();
    this.start = this.cursor = null;
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
    const { context, cursor } = this;
    const line = (draw: () => void) => {
      for (const [width, colour] of [[3, "#000a"], [1.4, "#fff"]] as const) {
        context.lineWidth = width;
        context.strokeStyle = colour;
        context.beginPath();
        draw();
        context.stroke();
      }
    };
    const { box } = this.pen;
    if (box) {
      const [from, to] = [this.toScreen({ x: box.startX, y: box.startY }), this.toScreen(box)];
      line(() => context.rect(from.x, from.y, to.x - from.x, to.y - from.y));
    }
    if (!cursor || this.tool === "move") return;
    const { x, y } = this.toScreen(cursor);
    if (this.tool !== "box") {
      const radius = Math.max(1.5, (this.brush * this.scale) / 2);
      line(() => context.arc(x, y, radius, 0, 2 * Math.PI));
    }
    if (!this.byKeys) return;
    line(() => {
      for (const [along, across] of [[1, 0], [0, 1]] as const) {
        context.moveTo(x - 9 * along, y - 9 * across);
        context.lineTo(x + 9 * along, y + 9 * across);
      }
    });
  }

  private toScreen(at: { x: number; y: number }): { x: number; y: number } {
    return { x: at.x * this.scale + this.x, y: at.y * this.scale + this.y };
  }

  /** A place of the canvas, in pixels of the image. */
  toImage(at: { x: number; y: number }): { x: number; y: number } {
    return { x: (at.x - this.x) / this.scale, y: (at.y - this.y) / this.scale };
  }

  /** A pointer is at this place of the image; null if it has left. */
  point(to: { x: number; y: number } | null): void {
    this.cursor = to;
    this.byKeys = false;
    this.draw();
  }

  /** Begins a stroke, unless the tool is the hand. */
  begin(at: { x: number; y: number }, erase = false): void {
    if (!this.painter || this.tool === "move") return;
    this.pen.begin(this.painter, this.tool, this.brush, at, erase || this.tool === "erase");
    this.draw();
  }

  /** Ends the stroke, if there is one. */
  finish(): void {
    if (this.pen.end()) this.onStroke();
    this.draw();
  }

  /** Takes the stroke back; returns whether there was one. */
  cancel(): boolean {
    this.draw();
    return this.pen.cancel();
  }

  /** Moves the cursor by so many pixels of the image, and shows the place where it then is. */
  step(byX: number, byY: number): void {
    const from = this.toolPlace();
    const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
    this.cursor = { x: within(from.x + byX, this.width), y: within(from.y + byY, this.height) };
    this.pen.move(this.cursor);
    this.reveal(this.cursor);
    this.draw();
  }

  /** Begins a stroke where the cursor is, or ends it there. */
  press(): void {
    const at = this.toolPlace();
    if (this.pen.isDown) this.finish();
    else this.begin(at);
  }

  private toolPlace(): { x: number; y: number } {
    this.byKeys = true;
    this.cursor ??= this.start ?? { x: Math.round(this.width / 2), y: Math.round(this.height / 2) };
    return this.cursor;
  }

  /** Moves the image if this place of it is outside the canvas. */
  private reveal(at: { x: number; y: number }): void {
    const { clientWidth, clientHeight } = this.canvas;
    const { x, y } = this.toScreen(at);
    const off = (value: number, size: number) => (value < 0 || value > size ? size / 2 - value : 0);
    const [byX, byY] = [off(x, clientWidth), off(y, clientHeight)];
    if (byX !== 0 || byY !== 0) this.pan(byX, byY);
  }
}
