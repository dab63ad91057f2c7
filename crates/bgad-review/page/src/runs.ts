// A mask as text: the lengths of its runs of equal pixels, row after row, the first one unpainted. Short enough
// for the browser's storage, and quick enough for every stroke.

/** The mask of `pixels`, RGBA; a pixel is painted from half its opacity on. Nothing painted is "". */
export function toRuns(pixels: Uint8ClampedArray): string {
  const runs: string[] = [];
  let [painted, length] = [false, 0];
  for (let at = 3; at < pixels.length; at += 4) {
    const is = (pixels[at] ?? 0) >= 128;
    if (is !== painted) {
      runs.push(length.toString(36));
      [painted, length] = [is, 0];
    }
    length += 1;
  }
  // What follows the last painted run goes without saying.
  if (painted) runs.push(length.toString(36));
  return runs.join(" ");
}

/** Paints `runs` white on `pixels`, RGBA, which are empty. */
export function fromRuns(runs: string, pixels: Uint8ClampedArray): void {
  let at = 0;
  for (const [index, run] of runs.split(" ").entries()) {
    const end = Math.min(at + 4 * (Number.parseInt(run, 36) || 0), pixels.length);
    if (index % 2 === 1) pixels.fill(255, at, end);
    at = end;
  }
}
