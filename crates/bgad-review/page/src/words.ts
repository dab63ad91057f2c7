// How the page writes words and numbers.

import type { Image } from "./engine";
import { truth } from "./collection";
import type { Desk } from "./desk";

/** A score or threshold; a dash for none. */
export function number(score: number | null | undefined): string {
  if (score === null || score === undefined || !Number.isFinite(score)) return "–";
  const size = Math.abs(score);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  return score.toFixed(digits).replace("-", "\u2212");
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`;
}

function modelSays(flagged: boolean | undefined): string {
  return flagged === undefined ? "no threshold yet" : `the model says ${flagged ? "defect" : "good"}`;
}

/** The verdicts of the model and of a person on an image, in one line. */
export function describe(image: Image, desk: Desk): string {
  const parts = [image.name];
  if (image.error) parts.push(`can't be read: ${image.error}`);
  else if (image.score === undefined) parts.push("not scored yet");
  else parts.push(`score ${number(image.score)}, ${modelSays(desk.flagged(image))}`);
  const what = truth(image);
  if (image.decision) parts.push(`you decided ${what}${image.decision.mask ? ", with a mask" : ""}`);
  else if (image.known) parts.push(`the data set says ${what}`);
  if (desk.missed(image)) parts.push("missed");
  if (desk.alarm(image)) parts.push("false alarm");
  return parts.join("; ");
}

export function short(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean);
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join("/")}`;
}
