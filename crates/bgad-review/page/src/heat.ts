// Converts a score map in grey levels to colours and an outline.

import { ask } from "./engine";

/** This level and higher ones belong to a defect. */
const THRESHOLD = 171;

/** Blue, cyan, yellow, red; yellow is the threshold. */
const COLOURS = [
  [30, 60, 200],
  [0, 200, 220],
  [255, 220, 0],
  [220, 0, 0],
] as const;

export interface Heat {
  picture: HTMLCanvasElement;
  /** The outlines of defects, in shares of width and height. */
  outline: Path2D;
  width: number;
  height: number;
}

/** One line per square of four levels, through the points where its edges cross the threshold. */
export function outline(levels: Uint8Array | Uint8ClampedArray, width: number, height: number): [number, number, number, number][] {
  const lines: [number, number, number, number][] = [];
  const level = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : (levels[y * width + x] ?? 0));
  const edge = THRESHOLD - 0.5;
  const cross = (a: number, b: number) => (edge - a) / (b - a);
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const a = level(x, y);
      const b = level(x + 1, y);
      const c = level(x + 1, y + 1);
      const d = level(x, y + 1);
      const points: [number, number][] = [];
      if (a > edge !== b > edge) points.push([x + cross(a, b), y]);
      if (b > edge !== c > edge) points.push([x + 1, y + cross(b, c)]);
      if (c > edge !== d > edge) points.push([x + 1 - cross(c, d), y + 1]);
      if (d > edge !== a > edge) points.push([x, y + 1 - cross(d, a)]);
      for (let pair = 0; pair + 1 < points.length; pair += 2) {
        const [from, to] = [points[pair], points[pair + 1]];
        if (from && to) lines.push([from[0] + 0.5, from[1] + 0.5, to[0] + 0.5, to[1] + 0.5]);
      }
    }
  }
  return lines;
}

export async function readHeat(address: string): Promise<Heat> {
  const bitmap = await createImageBitmap(await (await ask(address)).blob());
  const { width, height } = bitmap;
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  const context = picture.getContext("2d") as CanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, width, height);
  const { data } = pixels;
  const levels = new Uint8Array(width * height);
  for (let at = 0; at < levels.length; at++) {
    const level = data[4 * at] ?? 0;
    levels[at] = level;
    const place = (level / 255) * (COLOURS.length - 1);
    const first = Math.min(Math.floor(place), COLOURS.length - 2);
    const along = place - first;
    const [low, high] = [COLOURS[first], COLOURS[first + 1]];
    for (let channel = 0; channel < 3; channel++) {
      data[4 * at + channel] = (low?.[channel] ?? 0) * (1 - along) + (high?.[channel] ?? 0) * along;
    }
    data[4 * at + 3] = 255 * Math.min(1, (level / 255) * 5);
  }
  context.putImageData(pixels, 0, 0);
  const path = new Path2D();
  for (const [fromX, fromY, toX, toY] of outline(levels, width, height)) {
    path.moveTo(fromX, fromY);
    path.lineTo(toX, toY);
  }
  return { picture, outline: path, width, height };
}
