// A `bgad review` for the tests: the program of the release build on the quick-start's run.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");
const program = process.env.BGAD ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release/bgad");
export const parts = join(root, "out/quickstart/parts");

/** Runs the program to its end. */
export function bgad(...words) {
  const done = spawnSync(program, words, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`bgad ${words.join(" ")}: ${done.stderr || done.error}`);
  return done.stdout;
}

/** A folder that is taken away when the tests end. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), "bgad-review-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true, maxRetries: 3 }));
  return made;
}

const made = join(root, "out/quickstart");
if (!existsSync(made)) throw new Error("the quick-start has not run: cargo run --release --example quickstart");

/** A copy of the quick-start's run, as it was before anyone opened it. */
export function quickstart(into) {
  cpSync(join(made, "run"), into, { recursive: true, filter: (path) => basename(path) !== "review" });
  return into;
}

/** A run on three good images only. */
export function fewImages(into) {
  const few = `${into}-parts`;
  const good = readdirSync(join(parts, "train/good")).sort();
  for (const name of good.slice(0, 3)) cpSync(join(parts, "train/good", name), join(few, "train/good", name));
  for (const kind of ["good", "dent"]) {
    const images = readdirSync(join(parts, "test", kind)).sort();
    for (const name of images.slice(0, 8)) cpSync(join(parts, "test", kind, name), join(few, "test", kind, name));
  }
  bgad("train", few, "--image-size", "128", "--no-report", "--keep-features", "--out", into);
  return into;
}

/** Starts the page; its address, its process, and how to end it as nobody can prepare for. */
export async function review(model, images, port = 0) {
  const words = ["review", model, ...images, "--port", String(port), "--no-open"];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const end = () => child.kill("SIGKILL");
  // Before its folder is taken away.
  process.prependListener("exit", end);
  process.once("SIGTERM", () => process.exit(1));
  const address = await new Promise((done, failed) => {
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      if (text.includes("\n")) done(text.trim());
    });
    child.on("exit", () => failed(new Error("bgad review ended at once")));
  });
  return { address, port: Number(new URL(address).port), process: child.pid, end: () => new Promise((done) => { child.on("exit", done); end(); }) };
}

export function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
}

export function copy(from, to) {
  cpSync(from, to, { recursive: true });
}

export function check(is, what) {
  if (!is) throw new Error(`not so: ${what}`);
  console.log(`  ${what}`);
}
