// Paints a mask: a canvas of the image's size with brush, box, eraser and undo.

import { fromRuns, toRuns } from "./runs";

export type Tool = "move" | "brush" | "box" | "erase";

interface Step {
  x: number;
  y: number;
  pixels: ImageData;
}

/** The most strokes that can be undone, if their pixels fit in memory. */
const STEPS = 60;
const BYTES = 256 * 2 ** 20;

export class Painter {
  readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly backup = document.createElement("canvas");
  private steps: Step[] = [];
  private left = 0;
  private top = 0;
  private right = 0;
  private bottom = 0;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.backup.width = width;
    this.backup.height = height;
    this.context = this.canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.context.fillStyle = "#fff";
    this.context.strokeStyle = "#fff";
    this.context.lineCap = "round";
    this.context.lineJoin = "round";
  }

  get canUndo(): boolean {
    return this.steps.length > 0;
  }

  /** Shows a stored mask, white on black; null for none. Earlier strokes can no longer be undone. */
  async load(mask: Blob | null): Promise<void> {
    this.steps = [];
    this.context.clearRect(0, 0, this.width, this.height);
    if (!mask) return;
    const bitmap = await createImageBitmap(mask);
    this.context.drawImage(bitmap, 0, 0, this.width, this.height);
    bitmap.close();
    const pixels = this.context.getImageData(0, 0, this.width, this.height);
    const { data } = pixels;
    for (let at = 0; at < data.length; at += 4) {
      const on = (data[at] ?? 0) >= 128 ? 255 : 0;
      data[at] = data[at + 1] = data[at + 2] = 255;
      data[at + 3] = on;
    }
    this.context.putImageData(pixels, 0, 0);
  }

  begin(): void {
    const backup = this.backup.getContext("2d") as CanvasRenderingContext2D;
    backup.globalCompositeOperation = "copy";
    backup.drawImage(this.canvas, 0, 0);
    this.left = this.width;
    this.top = this.height;
    this.right = 0;
    this.bottom = 0;
  }

  /** Draws a line with the brush or the eraser, in pixels of the image. */
  line(fromX: number, fromY: number, toX: number, toY: number, size: number, erase: boolean): void {
    this.context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    this.context.lineWidth = size;
    this.context.beginPath();
    this.context.moveTo(fromX, fromY);
    this.context.lineTo(toX, toY + 0.001);
    this.context.stroke();
    const reach = size / 2 + 2;
    this.touch(Math.min(fromX, toX) - reach, Math.min(fromY, toY) - reach, Math.max(fromX, toX) + reach, Math.max(fromY, toY) + reach);
  }

  box(fromX: number, fromY: number, toX: number, toY: number): void {
    const [x, y] = [Math.round(Math.min(fromX, toX)), Math.round(Math.min(fromY, toY))];
    const [right, bottom] = [Math.round(Math.max(fromX, toX)), Math.round(Math.max(fromY, toY))];
    this.context.globalCompositeOperation = "source-over";
    this.context.fillRect(x, y, right - x, bottom - y);
    this.touch(x, y, right, bottom);
  }

  clear(): void {
    this.context.clearRect(0, 0, this.width, this.height);
    this.touch(0, 0, this.width, this.height);
  }

  /** Ends a stroke; returns whether it touched the image. */
  end(): boolean {
    const x = Math.max(0, Math.floor(this.left));
    const y = Math.max(0, Math.floor(this.top));
    const width = Math.min(this.width, Math.ceil(this.right)) - x;
    const height = Math.min(this.height, Math.ceil(this.bottom)) - y;
    if (width <= 0 || height <= 0) return false;
    const backup = this.backup.getContext("2d") as CanvasRenderingContext2D;
    this.steps.push({ x, y, pixels: backup.getImageData(x, y, width, height) });
    const bytes = () => this.steps.reduce((sum, step) => sum + step.pixels.data.length, 0);
    while (this.steps.length > STEPS || (this.steps.length > 1 && bytes() > BYTES)) this.steps.shift();
    return true;
  }

  undo(): boolean {
    const step = this.steps.pop();
    if (!step) return false;
    this.context.putImageData(step.pixels, step.x, step.y);
    return true;
  }

  isEmpty(): boolean {
    return this.runs() === "";
  }

  /** The mask as text. */
  runs(): string {
    return toRuns(this.context.getImageData(0, 0, this.width, this.height).data);
  }

  /** Shows a mask that is given as text. */
  show(runs: string): void {
    const pixels = this.context.createImageData(this.width, this.height);
    fromRuns(runs, pixels.data);
    this.context.putImageData(pixels, 0, 0);
  }

  /** A copy, white on black, as it is stored. */
  copy(): HTMLCanvasElement {
    const flat = document.createElement("canvas");
    flat.width = this.width;
    flat.height = this.height;
    const context = flat.getContext("2d") as CanvasRenderingContext2D;
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.width, this.height);
    context.drawImage(this.canvas, 0, 0);
    return flat;
  }

  /** As it is stored; null if nothing is painted. */
  async png(): Promise<Blob | null> {
    return this.isEmpty() ? null : toPng(this.copy());
  }

  private touch(left: number, top: number, right: number, bottom: number): void {
    this.left = Math.min(this.left, left);
    this.top = Math.min(this.top, top);
    this.right = Math.max(this.right, right);
    this.bottom = Math.max(this.bottom, bottom);
  }
}

export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the mask can't be written"))), "image/png");
  });
}
