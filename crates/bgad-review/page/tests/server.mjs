// A `bgad review` for the tests: the program of the release build on a run of the quick-start's parts.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
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

/** A run without abnormal images, with what learning needs where this program can learn. */
export function train(into, ...options) {
  if (!existsSync(parts)) throw new Error("the quick-start's parts are missing: cargo run --release --example quickstart");
  const keeps = bgad("train", "--help").includes("--keep-features");
  bgad("train", "--layout", "mvtec", "--data", parts, "--no-report", "--out", into, ...(options.length ? options : ["--image-size", "128"]), ...(keeps ? ["--keep-features"] : []));
  return keeps;
}

/** What stands for `bgad learn` in a program that has none: the taught run is a copy. */
export function standIn(into) {
  const path = join(into, "learner.mjs");
  writeFileSync(
    path,
    `#!/usr/bin/env node
import { cpSync } from "node:fs";
const words = process.argv.slice(3);
const after = (name) => words.flatMap((word, at) => (word === name ? [words[at + 1]] : []));
const [[run], [out]] = [after("--run"), after("--out")];
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
for (const [progress, doing] of [[0.1, "features of the new images"], [0.5, "training"], [0.9, "thresholds"]]) {
  console.log(JSON.stringify({ progress, doing }));
  await wait(700);
}
cpSync(run, out, { recursive: true, filter: (path) => !path.includes("/review") });
const taught = (kind, image) => ({ image, kind, score: { before: 1.5, after: kind === "missed" ? 3.25 : 0.5 }, abnormal: { before: kind !== "missed", after: kind === "missed" } });
console.log(JSON.stringify({ result: { run: out, model: out + "/model.bgad", threshold: { before: 2.115, after: 2.2 }, promised_rate: { before: 0.01, after: 0.01 }, taught: [...after("--missed").map((image) => taught("missed", image)), ...after("--false-alarm").map((image) => taught("false_alarm", image))], flipped: [], images: 68, seconds: 2.1 } }));
`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** Starts the page; its address, and how to end it as nobody can prepare for. */
export async function review(model, images, learner) {
  const words = ["review", model, ...images, "--port", "0", "--no-open", ...(learner ? ["--learner", learner] : [])];
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
  return { address, end: () => new Promise((done) => { child.on("exit", done); end(); }) };
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
