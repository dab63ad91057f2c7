// Ten thousand images: how soon there is something to see, and how smoothly they scroll. Prints figures; what
// must hold is that few tiles are in the document, and that the pictures that fly past are not asked for.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browser, check, folder, parts, quickstart, review } from "./server.mjs";

const IMAGES = Number(process.env.IMAGES ?? 10_000);
const place = folder();
const run = quickstart(join(place, "run"));
// The same pictures under many names: scores are kept by name, so that each is scored.
const images = join(place, "many");
mkdirSync(images);
const some = readdirSync(join(parts, "test/good")).map((name) => readFileSync(join(parts, "test/good", name)));
for (let index = 0; index < IMAGES; index++) writeFileSync(join(images, `${String(index).padStart(5, "0")}.png`), some[index % some.length]);
const server = await review(run, [images]);
const chrome = await browser();
const page = await chrome.newPage({ viewport: { width: 1440, height: 900 } });
let asked = 0;
page.on("request", (request) => {
  if (request.url().includes("/thumbnail")) asked += 1;
});
await page.addInitScript(() => {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(".tile")) return;
    window.firstTile = performance.now();
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
});
await page.goto(server.address);
await page.waitForSelector(".tile");
const [paint, tile] = await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime, window.firstTile]);
console.log(`  first paint ${Math.round(paint)} ms, first tiles ${Math.round(tile)} ms after the address was opened`);
await page.waitForTimeout(1500);
const client = await page.context().newCDPSession(page);
await client.send("Performance.enable");
const metrics = async () => Object.fromEntries((await client.send("Performance.getMetrics")).metrics.map((metric) => [metric.name, metric.value]));
const before = await metrics();
const scrolled = await page.evaluate(async () => {
  const wall = document.querySelector(".wall");
  const frames = [];
  const start = performance.now();
  let last = start;
  let most = 0;
  while (last < start + 8000) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    wall.scrollTop = ((now - start) / 8000) * wall.scrollHeight;
    most = Math.max(most, document.querySelectorAll(".tile").length);
  }
  frames.sort((a, b) => a - b);
  return { frames: frames.length, median: frames[frames.length >> 1], late: frames[Math.floor(frames.length * 0.95)], worst: frames.at(-1), most };
});
const after = await metrics();
const each = (name) => (((after[name] - before[name]) * 1000) / scrolled.frames).toFixed(2);
console.log(`  all ${IMAGES} in 8 s: ${scrolled.frames} frames, median ${scrolled.median.toFixed(1)} ms, 95 % under ${scrolled.late.toFixed(1)} ms, worst ${scrolled.worst.toFixed(1)} ms`);
console.log(`  a frame: script ${each("ScriptDuration")} ms, style ${each("RecalcStyleDuration")} ms, layout ${each("LayoutDuration")} ms`);
check(scrolled.most < 200, `${scrolled.most} tiles in the document at most`);
check(IMAGES < 3000 || asked < IMAGES / 4, `${asked} thumbnails were asked for`);
await chrome.close();
await server.end();
process.exit(0);
