// The pictures of docs/review.md: a run that misses some of the quick-start's defects is shown them, with
// their masks. With BGAD_WEIGHTS, a folder of weights, its features are those of EfficientNetV2-B0,
// at a size at which it misses some.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { browser, folder, parts, review, root, train } from "./server.mjs";

const run = join(folder(), "run");
const weights = process.env.BGAD_WEIGHTS;
const backbone = "tf_efficientnetv2_b0";
const options = weights ? ["--backbone", backbone, "--weights", join(weights, `${backbone}.safetensors`), "--image-size", "64"] : [];
if (!train(run, ...options)) throw new Error("this bgad can't learn, so that the picture of teaching would not be true");
const server = await review(run, []);
const chrome = await browser();
const page = await chrome.newPage({ viewport: { width: 1080, height: 680 } });
const shot = (name) => page.screenshot({ path: join(root, "docs/pictures", `review-${name}.png`) });
const settled = () => page.waitForFunction(() => document.querySelector(".status")?.textContent === "");
await page.goto(server.address);
await page.waitForSelector(".tile");
await settled();
await page.locator("select").first().selectOption("near");
await page.waitForTimeout(700);
await shot("wall");

const known = await page.evaluate(async () => (await fetch("/api/changes/none/0")).json());
const missed = known.images.filter((image) => image.known?.verdict === "defect" && image.score <= known.state.threshold);
for (const image of missed.slice(0, 5)) {
  const { path } = await page.evaluate(async (id) => (await fetch(`/api/images/${id}`)).json(), image.id);
  const name = `${basename(path, ".png")}_mask.png`;
  const mask = readFileSync(join(parts, "ground_truth", basename(dirname(path)), name)).toString("base64");
  const body = JSON.stringify({ verdict: "defect", kind: image.known.kind, mask: { png: mask }, revision: 0 });
  await page.evaluate(async ([id, body]) => fetch(`/api/images/${id}/decision`, { method: "PUT", body }), [image.id, body]);
}
await page.locator(".filter", { hasText: "Missed" }).click();
await page.waitForTimeout(300);
const tile = page.locator(".tile:visible", { hasText: "\u25a7" }).first();
await tile.click();
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.querySelectorAll(".facts dt").length > 2);
await page.waitForTimeout(900);
await shot("large");
await page.keyboard.press("Escape");
await page.keyboard.press("t");
await page.locator("dialog button.primary").click();
await page.waitForSelector(".outcome", { timeout: 300_000 });
await settled();
await page.waitForTimeout(700);
await shot("teach");
await chrome.close();
await server.end();
process.exit(0);
