// Scores of good images above a line, of defects below it, and the threshold between them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { truth } from "./collection";
import { number, percent } from "./words";

const BINS = 48;
const HALF = 62;
const HEIGHT = 2 * HALF + 18;
/** Room beyond the lowest and the highest score, as a share of what lies between them. */
const MARGIN = 0.03;

interface Bars {
  low: number;
  high: number;
  good: number[];
  defect: number[];
  open: number[];
  most: number;
}

function bars(desk: Desk): Bars {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const show = (score: number | null | undefined) => {
    if (score === null || score === undefined) return;
    low = Math.min(low, score);
    high = Math.max(high, score);
  };
  for (const image of desk.images.values()) show(image.score);
  show(desk.state?.threshold);
  show(desk.state?.model.threshold);
  if (low > high) [low, high] = [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * MARGIN;
  low -= margin;
  high += margin;
  const empty = () => new Array<number>(BINS).fill(0);
  const found = { low, high, good: empty(), defect: empty(), open: empty(), most: 1 };
  for (const image of desk.images.values()) {
    if (image.score === undefined) continue;
    const bin = Math.min(BINS - 1, Math.floor(((image.score - low) / (high - low)) * BINS));
    const row = found[truth(image) ?? "open"];
    row[bin] = (row[bin] ?? 0) + 1;
  }
  for (let bin = 0; bin < BINS; bin++) {
    found.most = Math.max(found.most, (found.good[bin] ?? 0) + (found.open[bin] ?? 0), found.defect[bin] ?? 0);
  }
  return found;
}

export function Histogram({ desk }: { desk: Desk; version: number }) {
  const svg = useRef<SVGSVGElement>(null);
  const [across, setWidth] = useState(280);
  /** The pointer that drags the threshold. */
  const pointer = useRef<number | null>(null);
  const isThere = desk.state !== null;
  useEffect(() => {
    if (!svg.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(100, Math.round(entry?.contentRect.width ?? 280))));
    observer.observe(svg.current);
    return () => observer.disconnect();
  }, [isThere]);
  // The bars stay the same while the threshold is dragged.
  const b = useMemo(() => bars(desk), [desk.news, desk.state?.threshold, desk.state?.model.threshold]);
  const state = desk.state;
  if (!state) return null;
  const x = (score: number) => ((score - b.low) / (b.high - b.low)) * across;
  const { threshold } = desk;
  const own = state.model.threshold;
  // Without a threshold, the line waits at the highest score to be dragged.
  const line = threshold ?? b.high - MARGIN * (b.high - b.low);
  const at = x(line);
  // Square roots, so that one missed defect among a thousand good images stays visible.
  const tall = (count: number) => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / b.most) * (HALF - 4)));
  const width = across / BINS;
  const counts = desk.counts();

  const scoreAt = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (!box) return line;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.fround(b.low + share * (b.high - b.low));
  };
  const byKey = (event: KeyboardEvent) => {
    const step = (b.high - b.low) / (event.shiftKey ? 20 : 200);
    const by: Record<string, number> = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : by[event.key];
    if (event.key === "Home") void desk.moveThreshold(null);
    else if (move !== undefined) void desk.moveThreshold(Math.fround(Math.min(b.high, Math.max(b.low, line + move))), true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isOwn = threshold === own;
  const rate = state.model.promised_rate;
  const row = (name: string, mark: string, wrong: number, all: number, filter: "missed" | "alarm") => (
    <tr>
      <th scope="row">
        <span class={`swatch swatch-${mark}`} aria-hidden="true" />
        {name}
      </th>
      <td>
        <button type="button" class="link" onClick={() => { desk.filter = filter; desk.changed(); }}>
          {wrong} of {all}
        </button>
      </td>
      <td class="quiet">{all ? percent(wrong / all) : "–"}</td>
    </tr>
  );

  return (
    <section class="panel" aria-label="Scores and threshold">
      <svg
        ref={svg}
        class="histogram"
        viewBox={`0 0 ${across} ${HEIGHT}`}
        preserveAspectRatio="none"
        onPointerDown={(event) => {
          if (event.button !== 0 || pointer.current !== null) return;
          pointer.current = event.pointerId;
          svg.current?.setPointerCapture(event.pointerId);
          desk.dragThreshold(scoreAt(event));
        }}
        onPointerMove={(event) => {
          if (event.pointerId === pointer.current) desk.dragThreshold(scoreAt(event));
        }}
        onPointerUp={(event) => {
          if (event.pointerId !== pointer.current) return;
          pointer.current = null;
          void desk.moveThreshold(scoreAt(event));
        }}
        onPointerCancel={(event) => {
          if (event.pointerId !== pointer.current) return;
          pointer.current = null;
          desk.dragged = null;
          desk.changed();
        }}
      >
        <title>Good images above the line, defects below it, undecided ones hollow</title>
        {b.good.map((count, bin) => (
          <g key={bin}>
            <rect class="bar-open" x={bin * width + 0.5} width={width - 1} y={HALF - tall((b.open[bin] ?? 0) + count)} height={(b.open[bin] ?? 0) > 0 ? tall((b.open[bin] ?? 0) + count) : 0} />
            <rect class="bar-good" x={bin * width + 0.5} width={width - 1} y={HALF - tall(count)} height={tall(count)} />
            <rect class="bar-defect" x={bin * width + 0.5} width={width - 1} y={HALF + 2} height={tall(b.defect[bin] ?? 0)} />
          </g>
        ))}
        <line class="axis" x1="0" x2={across} y1={HALF + 1} y2={HALF + 1} />
        {!isOwn && own !== null && <line class="own" x1={x(own)} x2={x(own)} y1="0" y2={2 * HALF + 4} />}
        {threshold !== null && <rect class="above" x={at} width={Math.max(0, across - at)} y="0" height={2 * HALF + 4} />}
        <line class={threshold === null ? "threshold none" : "threshold"} x1={at} x2={at} y1="0" y2={2 * HALF + 4} />
        <g
          class={threshold === null ? "handle none" : "handle"}
          tabindex={0}
          role="slider"
          aria-label="Threshold"
          aria-valuemin={b.low}
          aria-valuemax={b.high}
          aria-valuenow={line}
          aria-valuetext={threshold === null ? "not set yet" : `${number(threshold)}; ${counts.missed} missed, ${counts.alarms} false alarms`}
          onKeyDown={byKey}
          onBlur={() => desk.endMove()}
        >
          <path d={`M${at - 8} ${HEIGHT} L${at + 8} ${HEIGHT} L${at + 8} ${HEIGHT - 7} L${at} ${HEIGHT - 15} L${at - 8} ${HEIGHT - 7} Z`} />
        </g>
      </svg>
      <div class="ends quiet" aria-hidden="true">
        <span>{number(b.low)}</span>
        <span>score</span>
        <span>{number(b.high)}</span>
      </div>
      {threshold === null ? (
        <NoThreshold file={state.file} mayLearn={state.obstacle === null} />
      ) : (
        <>
          <div class="threshold-line">
            <span>
              Threshold <b>{number(threshold)}</b>
            </span>
            {isOwn ? (
              <span class="quiet">{rate === null ? "promises no rate of false alarms" : `promises about ${percent(rate)} false alarms`}</span>
            ) : (
              <button type="button" class="small" onClick={() => void desk.moveThreshold(null)}>
                {own === null ? "Remove" : `Back to ${number(own)}`}
              </button>
            )}
          </div>
          <table class="counts">
            <tbody>
              {row("Missed defects", "defect", counts.missed, counts.defect, "missed")}
              {row("False alarms", "good", counts.alarms, counts.good, "alarm")}
            </tbody>
          </table>
        </>
      )}
      {state.model.has_maps && !state.model.has_map_threshold && (
        <p class="quiet advice">The heat maps show where an image looks most unusual, not whether that is too much.</p>
      )}
    </section>
  );
}

/** What to do about a model that decides nothing. */
function NoThreshold({ file, mayLearn }: { file: string; mayLearn: boolean }) {
  const name = /[^\w./\\:-]/.test(file) ? `"${file}"` : file;
  return (
    <div class="warning advice">
      <p>
        <b>No threshold yet.</b> The model has seen fewer than five different good images. It gives scores, but can't
        say which score is too high.
      </p>
      <ul>
        <li>Drag the line to set a threshold by hand.</li>
        {mayLearn && <li>Or mark good images as good and teach them, until it has seen five.</li>}
        <li>
          Or let <code>bgad calibrate</code> choose one from good images, and start this page again:{" "}
          <code class="command">bgad calibrate --model {name} --normal FOLDER</code>
        </li>
      </ul>
    </div>
  );
}
