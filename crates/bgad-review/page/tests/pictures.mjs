// The pictures of docs/review.md: screenshots of the story, with few colours, so that they are small.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { browser, root } from "./server.mjs";

/** Screenshots, and how many of their rows are shown. */
const PICTURES = {
  wall: ["wall-wide-light", 600],
  large: ["large-wide-dark"],
  teach: ["teach-wide-light"],
  tablet: ["large-tablet-light"],
  "no-threshold": ["no-threshold-wide-light", 600],
};
/** The most bytes of a picture. */
const MOST = 150_000;

const chrome = await browser();
const page = await chrome.newPage();
for (const [name, [shot, rows]] of Object.entries(PICTURES)) {
  const png = readFileSync(join(root, "out/review", `${shot}.png`)).toString("base64");
  const { width, height, pixels } = await page.evaluate(decoded, [png, rows]);
  let bytes;
  for (const colours of [256, 128, 64, 32]) {
    bytes = encode(width, height, reduced(Buffer.from(pixels, "base64"), colours));
    if (bytes.length <= MOST) break;
  }
  if (bytes.length > MOST) throw new Error(`${name}: ${bytes.length} bytes; expected at most ${MOST}`);
  writeFileSync(join(root, "docs/pictures", `review-${name}.png`), bytes);
  console.log(`  review-${name}.png ${width} x ${height}, ${Math.round(bytes.length / 1000)} kB`);
}
await chrome.close();

/** Runs in the browser, which can read PNG files. */
async function decoded([png, rows]) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const height = Math.min(image.height, rows ?? image.height);
  const canvas = new OffscreenCanvas(image.width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, height);
  const parts = [];
  for (let at = 0; at < data.length; at += 0x8000) parts.push(String.fromCharCode(...data.subarray(at, at + 0x8000)));
  return { width: image.width, height, pixels: btoa(parts.join("")) };
}

/** At most so many colours, and for each pixel the number of its colour: median cut. */
function reduced(pixels, most) {
  const key = (at) => ((pixels[at] >> 2) << 12) | ((pixels[at + 1] >> 2) << 6) | (pixels[at + 2] >> 2);
  const found = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const known = found.get(key(at));
    if (known) {
      known.count += 1;
      for (let channel = 0; channel < 3; channel++) known.sum[channel] += pixels[at + channel];
    } else found.set(key(at), { count: 1, sum: [...pixels.subarray(at, at + 3)] });
  }
  const colours = [...found].map(([key, { count, sum }]) => ({ key, count, mean: sum.map((value) => value / count) }));
  const wide = (box) => {
    let widest = { spread: 0, channel: 0 };
    for (let channel = 0; channel < 3; channel++) {
      const values = box.map((colour) => colour.mean[channel]);
      const spread = (values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b))) * box.reduce((sum, colour) => sum + colour.count, 0) ** 0.3;
      if (spread > widest.spread) widest = { spread, channel };
    }
    return { box, ...widest };
  };
  const boxes = [wide(colours)];
  while (boxes.length < most) {
    boxes.sort((a, b) => a.spread - b.spread);
    const { box, spread, channel } = boxes.pop();
    if (spread === 0) {
      boxes.push({ box, spread, channel });
      break;
    }
    box.sort((a, b) => a.mean[channel] - b.mean[channel]);
    const half = box.reduce((sum, colour) => sum + colour.count, 0) / 2;
    let [at, sum] = [0, 0];
    while (at < box.length - 1 && (at === 0 || sum + box[at].count <= half)) sum += box[at++].count;
    boxes.push(wide(box.slice(0, at)), wide(box.slice(at)));
  }
  const palette = [];
  const number = new Map();
  for (const { box } of boxes) {
    const count = box.reduce((sum, colour) => sum + colour.count, 0);
    for (const colour of box) number.set(colour.key, palette.length);
    palette.push([0, 1, 2].map((channel) => Math.round(box.reduce((sum, colour) => sum + colour.mean[channel] * colour.count, 0) / count)));
  }
  const numbers = Buffer.alloc(pixels.length / 4);
  for (let at = 0; at < numbers.length; at++) numbers[at] = number.get(key(4 * at));
  return { palette, numbers };
}

/** A PNG file with a palette. */
function encode(width, height, { palette, numbers }) {
  const rows = Buffer.alloc(height * (width + 1));
  for (let row = 0; row < height; row++) numbers.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width);
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("PLTE", Buffer.from(palette.flat())), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
