// The whole story in a browser: from the quick-start's run to a taught model, by mouse, keys and pen, with two
// windows, a server that is killed, a model without a threshold, and screens wide and narrow, light and dark.
// The model learns as it does for everyone. Screenshots lie in out/review, to be looked at.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bgad, check, copy, fewImages, folder, parts, quickstart, review, root } from "./server.mjs";
import { box, close, enlarge, enlarged, filter, first, open, saved, settled, shot, stroke, until, wrong } from "./windows.mjs";

const place = join(folder(), "line-3");
mkdirSync(place);
const run = quickstart(join(place, "run"));
const incoming = join(place, "new");
copy(join(parts, "test/scratch"), incoming);
writeFileSync(join(incoming, "torn.png"), "\u0089PNG no more");
const table = () => {
  const file = join(run, "review/manifest.csv");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
};

console.log("a newcomer with the mouse");
{
  const server = await review(quickstart(join(place, "newcomer")), []);
  const page = await open(server.address);
  const start = Date.now();
  let clicks = 0;
  const click = async (target) => {
    await target.click();
    clicks += 1;
  };
  // Until the wall shows only these, its first tile is another image, which then disappears.
  await filter(page, "Missed");
  clicks += 1;
  await click(first(page));
  await click(page.locator(".bar button", { hasText: "Defect" }));
  await click(page.locator("header button", { hasText: "Teach 1" }));
  await click(page.locator("dialog button.primary"));
  await page.waitForSelector(".outcome", { timeout: 300_000 });
  check(existsSync(join(place, "newcomer-taught-1/model.bgad")), `${clicks} clicks from the run to a taught model, ${Math.round((Date.now() - start) / 1000)} s`);
  check(clicks === 5, "as docs/review.md says");

  await page.reload();
  await page.waitForSelector(".tile");
  const lead = async (key, is, where) => {
    for (let left = 40; left > 0 && !(await page.evaluate(is)); left--) await page.keyboard.press(key);
    check(await page.evaluate(is), `${key} leads to ${where}`);
  };
  await lead("Shift+Tab", () => document.activeElement.textContent.startsWith("Missed"), "the filters");
  await page.keyboard.press("Enter");
  await lead("Tab", () => document.activeElement.className === "wall", "the wall");
  for (const key of ["ArrowRight", "Enter", "d", "Escape", "t"]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(300);
  }
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".model-choice select")?.selectedOptions[0]?.textContent === "newcomer-taught-2", null, { timeout: 300_000 });
  await page.keyboard.press("Escape");
  await page.keyboard.press("End");
  check((await page.evaluate(() => document.activeElement.className)) === "wall", "the keyboard alone teaches as well, and is back on the wall");
  await page.context().close();
  await server.end();
}

let server = await review(run, [incoming]);
const { port } = server;
const page = await open(server.address);

console.log("the wall");
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
console.log(`  first paint after ${Math.round(paint)} ms`);
await shot(page, "wall-wide-light");
const scores = await page.locator(".tile:visible .tile-score").allTextContents();
const values = scores.map((text) => Number(text.replace("\u2212", "-"))).filter((value) => !Number.isNaN(value));
check(values.length > 10 && Math.max(...values) > Math.min(...values), "tiles have scores");
await filter(page, "Can't be read");
check((await page.locator(".tile-note:visible").first().textContent()).includes("torn.png"), "a damaged image says so in its tile");
await filter(page, "All");

console.log("the threshold");
const missed = () => page.locator(".counts button").first().textContent();
const threshold = () => page.locator(".threshold-line b").textContent();
const [before, own] = [await missed(), await threshold()];
const returned = () => page.waitForFunction((text) => document.querySelector(".threshold-line b")?.textContent === text, own);
await page.locator(".handle").focus();
for (let step = 0; step < 12; step++) await page.keyboard.press("Shift+ArrowRight");
await page.waitForFunction((text) => document.querySelector(".counts button")?.textContent !== text, before);
check((await missed()) !== before, "the counts follow the threshold, by keys alone");
await page.getByRole("button", { name: /^Back to/ }).waitFor();
await page.keyboard.press("Control+z");
await returned();
check(true, "all of these keys are one step for undo");
const bars = await page.locator(".histogram").boundingBox();
const drag = async (from, to) => {
  await page.mouse.move(bars.x + bars.width * from, bars.y + 40);
  await page.mouse.down();
  await page.mouse.move(bars.x + bars.width * to, bars.y + 40, { steps: 15 });
  await page.mouse.up();
  await until(() => existsSync(join(run, "review/threshold.json")), "a threshold that was dragged is stored");
};
await drag(0.4, 0.7);
const dragged = await threshold();
await drag(0.7, 0.8);
check((await threshold()) !== dragged, "and again");
await page.keyboard.press("u");
await page.waitForFunction((text) => document.querySelector(".threshold-line b")?.textContent === text, dragged);
await page.keyboard.press("u");
await returned();
check((await missed()) === before, "each drag is one step for undo");

console.log("decisions by the keyboard");
await filter(page, "Undecided");
await page.locator(".wall").focus();
await page.keyboard.press("ArrowRight");
await page.keyboard.press("d");
await until(() => table().length === 2 && table()[1].includes("abnormal"), "the decision is in the table");
await page.keyboard.press("u");
await until(() => table().length === 1, "it can be taken back");
for (const key of ["d", "g", "d", "g"]) await page.keyboard.press(key);
await until(() => table().length === 2 && table()[1].includes(",normal,"), "quick keys are stored in their order");
check((await page.locator(".message.wrong").count()) === 0, "and none is mistaken for another window's");
for (let step = 0; step < 4; step++) await page.keyboard.press("Control+z");
await until(() => table().length === 1, "and taken back one by one");

console.log("a mask by a pen");
await filter(page, "Missed");
await first(page).click();
await enlarge(page);
await page.keyboard.press("b");
await stroke(page, [0.45, 0.55], [0.55, 0.62]);
await saved(page);
const masks = () => readdirSync(join(run, "review/masks")).filter((name) => name.endsWith(".png"));
const mask = () => readFileSync(join(run, "review/masks", masks().at(-1)));
await until(() => masks().length === 1 && table()[1].includes("masks/"), "the mask is stored when the pen is lifted");
const drawn = mask();
await page.keyboard.press("r");
await stroke(page, [0.3, 0.3], [0.4, 0.4]);
await until(() => !mask().equals(drawn), "a box is added");
await page.keyboard.press("Control+z");
await until(() => mask().equals(drawn), "and undone");
await page.keyboard.press("Control+z");
await until(() => table().length === 1, "undoing the first stroke undoes the decision that came with it");
await box(page);
await shot(page, "large-wide-light");

console.log("the server is killed during a stroke");
const kept = mask();
await page.keyboard.press("b");
await stroke(page, [0.5, 0.3], [0.6, 0.4], () => server.end());
await page.waitForFunction(() => document.querySelector(".saved")?.textContent === "not stored yet");
check(mask().equals(kept), "the earlier mask is whole, and the page says that the stroke is not stored");
server = await review(run, [incoming], port);
await saved(page);
check(!mask().equals(kept), "the stroke is stored when the server is back");
await page.keyboard.press("Control+z");
await until(() => mask().equals(kept), "and can still be undone");
await page.context().close();
const again = await open(server.address);
await filter(again, "Missed");
await again.locator(".tile:visible", { hasText: "\u2715 defect \u25a7" }).first().waitFor();
check(true, "and another window shows it");

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
await until(() => table().length === 3, "one window decides");
await torn(other, "g");
await other.waitForFunction(() => document.querySelector(".message.wrong") !== null);
check((await other.locator(".message.wrong").textContent()).includes("another window"), "the later decision of the other is refused");
check(!table().some((row) => row.includes(",normal,")), "and nothing is overwritten");
await other.context().close();

console.log("teaching");
await filter(again, "Missed");
await first(again).click();
await enlarge(again);
for (let image = 0; image < 5; image++) {
  await box(again);
  await again.keyboard.press("ArrowRight");
  await enlarged(again);
}
await again.keyboard.press("Escape");
await filter(again, "Good");
await first(again).click();
for (let image = 0; image < 5; image++) {
  await again.keyboard.press("g");
  await again.keyboard.press("ArrowRight");
}
await filter(again, "All");
await again.keyboard.press("t");
await again.waitForSelector(".lesson");
await shot(again, "lesson-wide-light");
const begun = again.waitForResponse((answer) => answer.url().endsWith("/api/lesson"));
await again.locator("dialog button.primary").click();
await begun;
await server.end();
const learners = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((name) => {
  try {
    return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`learn\0--run\0${run}`);
  } catch {
    return false;
  }
});
if (existsSync("/proc/self/cmdline")) await until(() => learners().length === 0, "killed while it learns: the learning program ends as well");
check(!existsSync(join(place, "run-taught-1")), "and leaves no half run");
server = await review(run, [incoming], port);
await again.waitForFunction(() => document.body.textContent.includes("interrupted"));
check(table().length > 6, "no decision is lost");
await shot(again, "interrupted-wide-light");
await again.locator("dialog button.primary").click();
await again.waitForSelector(".progress");
await again.screenshot({ path: join(root, "out/review/learning-wide-light.png") });
await again.waitForSelector(".outcome", { timeout: 300_000 });
await settled(again);
await shot(again, "teach-wide-light");
check((await again.locator(".changes tbody tr").count()) > 1, "a table tells what has changed");
check(existsSync(join(place, "run-taught-1/model.bgad")), "the taught run lies beside the first");
await again.locator(".outcome button").click();
await again.waitForFunction(() => document.querySelector(".model-choice select")?.selectedOptions[0]?.textContent === "run");
check(true, "and the first can be had back");
await again.keyboard.press("Escape");

console.log("what can be taken away");
const fetched = (path) => again.evaluate(async (path) => (await fetch(path)).status, path);
for (const path of ["/api/export/model", "/api/export/scores.csv", "/api/export/report"]) check((await fetched(path)) === 200, path);
await again.getByRole("button", { name: "Open…" }).click();
await again.waitForSelector(".places");
await shot(again, "open-wide-light");
await again.locator("input[type=file]").first().setInputFiles(join(parts, "test/dent/000.png"));
await again.waitForFunction(() => document.querySelector(".message")?.textContent.includes("1 image added"));
check(true, "an image can be added");
const evaluated = bgad("evaluate", "--model", join(run, "model.bgad"), "--layout", "manifest", "--data", join(run, "review"));
check(/decisions +\d+ of \d+ abnormal/.test(evaluated), "the decisions are a data set");
writeFileSync(join(place, "large.png"), Buffer.alloc(66 << 20));
await again.getByRole("button", { name: "Open…" }).click();
await again.locator("input[type=file]").first().setInputFiles(join(place, "large.png"));
await again.waitForFunction(() => document.querySelector(".message.wrong")?.textContent.includes("64 MiB"));
check(true, "one that is too large is refused, and the limit named");
await again.waitForTimeout(300);
await again.keyboard.press("?");
await again.waitForSelector(".keys");
await shot(again, "keys-wide-light");
await again.context().close();

console.log("other screens");
const tablet = { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true };
const phone = { viewport: { width: 420, height: 860 }, hasTouch: true, isMobile: true };
for (const [label, options] of [
  ["wide-dark", { colorScheme: "dark" }],
  ["tablet-light", tablet],
  ["tablet-dark", { ...tablet, colorScheme: "dark" }],
  ["phone-light", phone],
  ["phone-dark", { ...phone, colorScheme: "dark" }],
]) {
  const screen = await open(server.address, options);
  await filter(screen, "Missed");
  await shot(screen, `wall-${label}`);
  await screen.locator(".tile:visible", { hasText: "\u25a7" }).first().click();
  await screen.locator(".bar button", { hasText: "Enlarge" }).click();
  await screen.waitForFunction(() => document.querySelectorAll(".facts dt").length > 2);
  await shot(screen, `large-${label}`);
  const isWithin = () => screen.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  check(await isWithin(), `${label}: nothing is wider than the screen`);
  await screen.locator("button", { hasText: "Back" }).first().click();
  await screen.locator("header button", { hasText: /^Teach/ }).click();
  await screen.waitForSelector(".outcome");
  await shot(screen, `teach-${label}`);
  check(await isWithin(), `${label}: nor in the dialog`);
  await screen.context().close();
}
await server.end();

console.log("a model of three good images");
const few = fewImages(join(place, "few"));
server = await review(few, []);
const bare = await open(server.address);
await shot(bare, "no-threshold-wide-light");
const all = await bare.evaluate(() => document.documentElement.innerHTML);
check(all.includes("No threshold yet") && !/e\+?38|340282|NaN|Infinity|undefined|null/.test(all), "it has no threshold, and no impossible number instead");
await first(bare).click();
await enlarge(bare);
await shot(bare, "no-threshold-large-wide-light");
await bare.keyboard.press("Escape");
const axis = await bare.locator(".histogram").boundingBox();
await bare.mouse.move(axis.x + axis.width * 0.95, axis.y + 40);
await bare.mouse.down();
await bare.mouse.move(axis.x + axis.width * 0.5, axis.y + 40, { steps: 8 });
await bare.mouse.up();
await bare.locator(".counts").waitFor();
await until(() => existsSync(join(few, "review/threshold.json")), "one can be dragged");
await shot(bare, "no-threshold-set-wide-light");
await bare.keyboard.press("u");
await bare.locator(".warning", { hasText: "No threshold yet" }).waitFor();
check(!existsSync(join(few, "review/threshold.json")), "and undone");
await filter(bare, "Good");
await first(bare).click();
for (let image = 0; image < 4; image++) {
  await bare.keyboard.press("g");
  await bare.keyboard.press("ArrowRight");
}
await bare.keyboard.press("t");
await bare.locator("dialog button.primary", { hasText: "Teach 4" }).click();
await bare.waitForSelector(".outcome", { timeout: 300_000 });
await shot(bare, "no-threshold-taught-wide-light");
await bare.keyboard.press("Escape");
await bare.locator(".threshold-line b").waitFor();
check(true, "after four more good images are taught, the model has one of its own");

check(wrong.length === 0, `no error in the page ${wrong.join("; ")}`);
await close();
await server.end();
process.exit(0);
