// The whole story in a browser: from a folder to a taught model, with the keyboard, a pen, two windows, a
// server that is killed, and screens wide and narrow, light and dark. Screenshots lie in out/review, to be
// looked at.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bgad, browser, check, copy, folder, parts, review, root, standIn, train } from "./server.mjs";

const shots = join(root, "out/review");
mkdirSync(shots, { recursive: true });
const place = folder();
const run = join(place, "run");
const learner = train(run) ? undefined : standIn(place);
const incoming = join(place, "new");
copy(join(parts, "test/scratch"), incoming);
writeFileSync(join(incoming, "torn.png"), "\u0089PNG no more");

let server = await review(run, [incoming], learner);
const chrome = await browser();
const wrong = [];
async function open(address, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  await page.goto(address);
  await page.waitForSelector(".tile");
  return page;
}
const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
const settled = (page) => page.waitForFunction(() => !document.querySelector(".status")?.textContent.includes("scoring"));
const saved = (page) => page.waitForFunction(() => document.querySelector(".saved")?.textContent === "saved");
const table = () => {
  const file = join(run, "review/manifest.csv");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
};
/** Waits until something outside the browser is so. */
async function until(is, what) {
  for (let left = 100; left > 0 && !is(); left--) await new Promise((resolve) => setTimeout(resolve, 100));
  check(is(), what);
}
const filter = async (page, name) => {
  await page.locator(".filter", { hasText: name }).click();
  await page.waitForTimeout(300);
};
/** The first image of the wall; tiles stand in the document in any order. */
const first = (page) => page.locator('.tile:visible[aria-posinset="1"]');

console.log("the wall");
const page = await open(server.address);
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
console.log(`  first paint after ${Math.round(paint)} ms`);
await settled(page);
await page.waitForTimeout(400);
await shot(page, "wall");
const scores = await page.locator(".tile:visible .tile-score").allTextContents();
const values = scores.map((text) => Number(text.replace("\u2212", "-"))).filter((value) => !Number.isNaN(value));
check(values.length > 10 && Math.max(...values) > Math.min(...values), "tiles have scores");
await filter(page, "Can't be read");
check((await page.locator(".tile-note:visible").first().textContent()).includes("torn.png"), "a damaged image says so in its tile");
await filter(page, "All");

console.log("the threshold");
const missed = () => page.locator(".counts button").first().textContent();
const before = await missed();
await page.locator(".handle").focus();
for (let step = 0; step < 12; step++) await page.keyboard.press("Shift+ArrowRight");
await page.waitForFunction((text) => document.querySelector(".counts button")?.textContent !== text, before);
check((await missed()) !== before, "the counts follow the threshold, by keys alone");
await page.getByRole("button", { name: /^Back to/ }).click();
await page.waitForFunction((text) => document.querySelector(".counts button")?.textContent === text, before);

console.log("decisions by the keyboard");
await filter(page, "Undecided");
await page.locator(".wall").focus();
await page.keyboard.press("ArrowRight");
await page.keyboard.press("d");
await until(() => table().length === 2 && table()[1].includes("abnormal"), "the decision is in the table");
await page.keyboard.press("u");
await until(() => table().length === 1, "it can be taken back");

console.log("a mask by a pen");
await filter(page, "Missed");
await page.waitForTimeout(200);
await first(page).click();
await page.keyboard.press("Enter");
await page.waitForSelector(".stage");
await page.waitForFunction(() => document.querySelectorAll(".facts dt").length > 2);
await page.waitForTimeout(500);
await page.keyboard.press("b");
const stage = await page.locator(".stage").boundingBox();
const at = (x, y) => [stage.x + stage.width * x, stage.y + stage.height * y];
await page.mouse.move(...at(0.45, 0.55));
await page.mouse.down();
await page.mouse.move(...at(0.55, 0.62), { steps: 10 });
await page.mouse.up();
await saved(page);
await page.mouse.move(...at(0.52, 0.7));
await shot(page, "large");
const masks = () => readdirSync(join(run, "review/masks")).filter((name) => name.endsWith(".png"));
const mask = () => readFileSync(join(run, "review/masks", masks().at(-1)));
await until(() => masks().length === 1 && table()[1].includes("masks/"), "the mask is stored when the pen is lifted");
const stroke = mask();
await page.keyboard.press("r");
await page.mouse.move(...at(0.3, 0.3));
await page.mouse.down();
await page.mouse.move(...at(0.4, 0.4));
await page.mouse.up();
await until(() => !mask().equals(stroke), "a box is added");
await page.keyboard.press("Control+z");
await until(() => mask().equals(stroke), "and undone");

console.log("the server is killed");
await server.end();
server = await review(run, [incoming], learner);
const again = await open(server.address);
await settled(again);
await filter(again, "Missed");
await again.locator(".tile:visible", { hasText: "\u2715 defect \u25a7" }).first().waitFor();
check(true, "the painted mask is there again");

console.log("two windows");
const other = await open(server.address);
// The second window is cut off from news, as a laptop that slept is; its answers come through.
let asleep = false;
await other.route("**/api/changes/**", async (route) => {
  const response = await route.fetch();
  if (!asleep) await route.fulfill({ response });
});
await other.reload();
await other.waitForSelector(".tile");
await settled(other);
asleep = true;
const torn = async (window, key) => {
  await filter(window, "Undecided");
  await first(window).click();
  await window.keyboard.press(key);
};
await again.bringToFront();
await torn(again, "d");
await again.waitForTimeout(500);
await torn(other, "g");
await other.waitForFunction(() => document.querySelector(".message.wrong") !== null);
check((await other.locator(".message.wrong").textContent()).includes("another window"), "the later decision is refused");
check(!table().some((row) => row.includes(",normal,")), "and nothing is overwritten");
await other.context().close();

console.log("teaching");
await filter(again, "Missed");
await again.waitForTimeout(200);
for (const tile of await again.locator(".tile:visible").all()) {
  await tile.click();
  await again.keyboard.press("d");
  await again.waitForTimeout(150);
}
await filter(again, "Good");
await first(again).click();
for (let image = 0; image < 5; image++) {
  await again.keyboard.press("g");
  await again.waitForTimeout(150);
  await again.keyboard.press("ArrowRight");
}
await filter(again, "All");
await again.keyboard.press("t");
await again.waitForSelector(".lesson");
await again.waitForTimeout(300);
await shot(again, "lesson");
await again.locator("dialog button.primary").click();
await again.waitForSelector(".progress");
await shot(again, "learning");
await again.waitForSelector(".outcome", { timeout: 300_000 });
await settled(again);
await again.waitForTimeout(500);
await shot(again, "teach");
check((await again.locator(".changes tbody tr").count()) > 1, "a table tells what has changed");
check(readdirSync(place).includes("run-taught-1"), "the taught run lies beside the first");
await again.locator(".outcome button").click();
await again.waitForFunction(() => document.querySelector(".model-choice select")?.selectedOptions[0]?.textContent === "run");
check(true, "and the first can be had back");
await again.keyboard.press("Escape");

console.log("what can be taken away");
const fetched = (path) => again.evaluate(async (path) => (await fetch(path)).status, path);
for (const path of ["/api/export/model", "/api/export/scores.csv", "/api/export/report"]) check((await fetched(path)) === 200, path);
await again.getByRole("button", { name: "Open…" }).click();
await again.waitForTimeout(500);
await shot(again, "open");
await again.locator("input[type=file]").first().setInputFiles(join(parts, "test/dent/000.png"));
await again.waitForFunction(() => document.querySelector(".message")?.textContent.includes("1 image added"));
check(true, "an image can be added");
const evaluated = bgad("evaluate", "--model", join(run, "model.bgad"), "--layout", "manifest", "--data", join(run, "review"));
check(/decisions +\d+ of \d+ abnormal/.test(evaluated), "the decisions are a data set");

console.log("other screens");
for (const [label, options] of [
  ["wide-dark", { colorScheme: "dark" }],
  ["narrow-light", { viewport: { width: 420, height: 860 }, hasTouch: true, isMobile: true }],
  ["narrow-dark", { viewport: { width: 420, height: 860 }, colorScheme: "dark", hasTouch: true, isMobile: true }],
  ["tablet-light", { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true }],
]) {
  const screen = await open(server.address, options);
  await settled(screen);
  await screen.waitForTimeout(500);
  await shot(screen, `${label}-wall`);
  await screen.locator(".tile:visible").nth(1).click();
  await screen.locator(".bar button", { hasText: "Look" }).click();
  await screen.waitForTimeout(900);
  await shot(screen, `${label}-large`);
  const wide = await screen.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  check(wide, `${label}: nothing is wider than the screen`);
  await screen.context().close();
}
check(wrong.length === 0, `no error in the page ${wrong.join("; ")}`);
await chrome.close();
await server.end();
process.exit(0);
