// Masks painted by keys alone, and strokes that the page, the browser or the server did not live to store.
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { check, copy, folder, parts, quickstart, review } from "./server.mjs";
import { close, enlarge, enlarged, enter, filter, first, halfStroke, open, saved, shot, stroke, until, wrong } from "./windows.mjs";

const place = join(folder(), "line-3");
mkdirSync(place);
const run = quickstart(join(place, "run"));
const incoming = join(place, "new");
copy(join(parts, "test/scratch"), incoming);
let server = await review(run, [incoming]);
const { port } = server;
const masks = () => readdirSync(join(run, "review/masks")).filter((name) => name.endsWith(".png"));
const table = () => readFileSync(join(run, "review/manifest.csv"), "utf8");

console.log("a mask by keys alone");
let page = await open(server.address);
const press = async (...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};
/** Painted pixels of the stored mask; 0 without one. */
const painted = async () => {
  await saved(page);
  const [name] = masks();
  if (!name) return 0;
  const png = readFileSync(join(run, "review/masks", name)).toString("base64");
  return page.evaluate(async (png) => {
    const mask = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))]));
    const context = new OffscreenCanvas(mask.width, mask.height).getContext("2d");
    context.drawImage(mask, 0, 0);
    const { data } = context.getImageData(0, 0, mask.width, mask.height);
    return data.filter((value, at) => at % 4 === 0 && value > 127).length;
  }, png);
};
const changes = async (before, what) => {
  let now = before;
  for (let left = 50; left > 0 && now === before; left--) {
    await page.waitForTimeout(100);
    now = await painted();
  }
  check(now !== before, what);
  return now;
};
await press("ArrowRight");
await enlarge(page);
await press("b");
await page.locator(".by-keys", { hasText: "Space begins a stroke" }).waitFor();
check(true, "the page says which keys paint");
await press("Space", "ArrowRight", "ArrowRight", "Shift+ArrowDown");
await page.locator(".by-keys", { hasText: "Space ends the stroke" }).waitFor();
await shot(page, "keys-painting-wide-light");
check(masks().length === 0, "a stroke is not stored before it ends");
await press("Space");
const dab = await changes(0, "Space ends it, and it is stored");
await press("r", "Shift+ArrowLeft", "Shift+ArrowLeft", "Space", "Shift+ArrowLeft", "Shift+ArrowDown", "Space");
const withBox = await changes(dab, "a box from corner to corner");
check(withBox > dab, "is added");
await press("e", "]", "]", "Space", "Space");
const erased = await changes(withBox, "the eraser");
check(erased < withBox, "takes some away");
await press("b", "Shift+ArrowUp", "Shift+ArrowUp", "Space", "ArrowUp", "Escape");
await page.waitForTimeout(500);
check((await page.locator(".viewer").count()) === 1 && (await painted()) === erased, "Esc takes an unfinished stroke back, and the image stays open");
await press("u");
check((await changes(erased, "undo")) === withBox, "returns to the stroke before");
const name = await page.locator(".viewer-name").textContent();
await press("PageDown");
await page.waitForFunction((name) => document.querySelector(".viewer-name")?.textContent !== name, name);
check(true, "Page down leads to the next image, whatever the tool");
await press("PageUp", "Escape");
await page.locator(".viewer").waitFor({ state: "detached" });
check(table().includes("masks/"), "and Esc back to the wall");
await page.context().close();

console.log("the page is closed during a stroke");
const browser = async () => {
  page = await open(server.address);
  return page.context();
};
const paint = async (draw) => {
  await filter(page, "Undecided");
  await first(page).click();
  await enlarge(page);
  await page.keyboard.press("b");
  await draw();
};
await browser();
await paint(() => halfStroke(page, [0.45, 0.5], [0.55, 0.6]));
await page.goto("about:blank");
await until(() => masks().length === 2, "the stroke is stored as far as it was drawn");
await page.context().close();

console.log("the browser is closed while the server does not answer");
let context = await browser();
await paint(async () => {
  await stroke(page, [0.45, 0.5], [0.55, 0.6], () => server.end());
  await page.waitForFunction(() => document.querySelector(".saved")?.textContent === "not stored yet");
});
const left = await page.locator(".viewer-name").textContent();
await page.close();
check(masks().length === 2, "the stroke is not stored");
server = await review(run, [incoming], port);
page = await enter(context, server.address);
await until(() => masks().length === 3, "the page stores it when it is opened again");
await page.locator(".message", { hasText: left }).waitFor();
check(true, "and says so");
await context.close();

console.log("someone else decides meanwhile");
context = await browser();
await paint(async () => {
  await stroke(page, [0.45, 0.5], [0.55, 0.6], () => server.end());
  await page.waitForFunction(() => document.querySelector(".saved")?.textContent === "not stored yet");
});
const disputed = await page.locator(".viewer-name").textContent();
await page.close();
server = await review(run, [incoming], port);
page = await open(server.address);
await filter(page, "Undecided");
await first(page).click();
await enlarge(page);
check((await page.locator(".viewer-name").textContent()) === disputed, "about the same image");
await page.keyboard.press("g");
await saved(page);
const decided = table();
await page.context().close();
page = await enter(context, server.address);
await page.locator(".message.wrong", { hasText: disputed }).waitFor();
check(table() === decided && masks().length === 3, "that decision stays, and the page says that the strokes were not stored");
check((await page.evaluate(() => Object.keys(localStorage).length)) === 0, "nothing is left in the browser");
await context.close();

console.log("keys on other screens");
for (const [label, options] of [
  ["wide-dark", { colorScheme: "dark" }],
  ["narrow-light", { viewport: { width: 620, height: 860 } }],
  ["narrow-dark", { viewport: { width: 620, height: 860 }, colorScheme: "dark" }],
]) {
  page = await open(server.address, options);
  await press("ArrowRight");
  await enlarge(page);
  await enlarged(page);
  await press("r", "Space", "Shift+ArrowLeft", "Shift+ArrowUp");
  await shot(page, `keys-painting-${label}`);
  check(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${label}: nothing is wider than the screen`);
  await press("Escape", "Escape");
  await page.context().close();
}

check(wrong.length === 0, `no error in the page ${wrong.join("; ")}`);
await close();
await server.end();
process.exit(0);
