// Windows of the browser, and what the tests do in them.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { browser, check, parts, root } from "./server.mjs";

const shots = join(root, "out/review");
mkdirSync(shots, { recursive: true });
const chrome = await browser();
/** Errors of any page. */
export const wrong = [];

export async function open(address, options = {}) {
  return enter(await chrome.newContext({ viewport: { width: 1080, height: 720 }, ...options }), address);
}

/** Opens the page in a browser that may have been there before. */
export async function enter(context, address) {
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  await page.goto(address);
  await page.waitForSelector(".tile");
  await settled(page);
  return page;
}

export const shot = async (page, name) => {
  // When all pictures are there, and the message of the last action has gone.
  await page.waitForFunction(() => [...document.images].every((image) => image.complete || image.offsetParent === null) && !document.querySelector(".message"));
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(shots, `${name}.png`) });
};

/** Waits until all images have their scores. */
export const settled = (page) => page.waitForFunction(() => !document.querySelector(".status")?.textContent.includes("scoring"));

export const saved = (page) => page.waitForFunction(() => document.querySelector(".saved")?.textContent === "saved");

/** Waits until something outside the browser is so. */
export async function until(is, what) {
  for (let left = 100; left > 0 && !is(); left--) await new Promise((resolve) => setTimeout(resolve, 100));
  check(is(), what);
}

export async function filter(page, name) {
  const button = page.locator(".filter", { hasText: name });
  await button.click();
  await page.waitForFunction((name) => [...document.querySelectorAll('.filter[aria-pressed="true"]')].some((one) => one.textContent.includes(name)), name);
  await page.waitForTimeout(100);
}

/** The first image of the wall; tiles stand in the document in any order. */
export const first = (page) => page.locator('.tile:visible[aria-posinset="1"]');

/** Shows the selected image large. */
export async function enlarge(page) {
  await page.keyboard.press("Enter");
  await enlarged(page);
}

/** Waits until a large image can be painted on. */
export async function enlarged(page) {
  await page.waitForTimeout(100);
  await page.waitForSelector(".stage");
  await page.waitForFunction(() => document.querySelectorAll(".facts dt").length > 2);
  await page.waitForTimeout(300);
}

/** Draws from one place of the large image to another, in shares of its width and height. */
export async function stroke(page, from, to, meanwhile) {
  await halfStroke(page, from, to);
  await meanwhile?.();
  await page.mouse.up();
}

/** The same, but the button stays down. */
export async function halfStroke(page, from, to) {
  const stage = await page.locator(".stage").boundingBox();
  const at = ([x, y]) => [stage.x + stage.width * x, stage.y + stage.height * y];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 10 });
}

/** Draws a box around the defect of the large image, which is one of the quick-start's. */
export async function box(page) {
  const [name, kind] = [await page.locator(".viewer-name").textContent(), await page.locator(".viewer-path").textContent()];
  const png = readFileSync(join(parts, "ground_truth", kind, name.replace(".png", "_mask.png"))).toString("base64");
  const place = await page.evaluate(async (png) => {
    const mask = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(mask.width, mask.height);
    const context = canvas.getContext("2d");
    context.drawImage(mask, 0, 0);
    const { data } = context.getImageData(0, 0, mask.width, mask.height);
    const on = [...Array(mask.width * mask.height).keys()].filter((at) => data[4 * at] > 127);
    const [x, y] = [on.map((at) => at % mask.width), on.map((at) => Math.floor(at / mask.width))];
    // The image fills nearly all of the stage's shorter side.
    const stage = document.querySelector(".stage");
    const scale = Math.min(stage.clientWidth / mask.width, stage.clientHeight / mask.height) * 0.98;
    const across = (value) => 0.5 + ((value - mask.width / 2) * scale) / stage.clientWidth;
    const down = (value) => 0.5 + ((value - mask.height / 2) * scale) / stage.clientHeight;
    return [[across(Math.min(...x)), down(Math.min(...y))], [across(Math.max(...x) + 1), down(Math.max(...y) + 1)]];
  }, png);
  await page.keyboard.press("r");
  await stroke(page, ...place);
  await saved(page);
}

export const close = () => chrome.close();
