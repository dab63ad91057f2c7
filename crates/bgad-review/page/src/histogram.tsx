// Scores of good images above a line, of defects below it, and the threshold between them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { truth } from "./desk";
import { number, percent } from "./words";

const BINS = 48;
const HALF = 62;
const HEIGHT = 2 * HALF + 18;

interface Bars {
  low: number;
  high: number;
  good: number[];
  defect: number[];
  open: number[];
  most: number;
}

function bars(desk: Desk): Bars {
  const scores: number[] = [];
  for (const image of desk.images.values()) if (image.score !== undefined) scores.push(image.score);
  const threshold = desk.state?.threshold ?? 0;
  const own = desk.state?.model.threshold ?? threshold;
  let low = Math.min(threshold, own);
  let high = Math.max(threshold, own);
  for (const score of scores) {
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  const margin = (high - low || Math.abs(high) || 1) * 0.03;
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
  const threshold = desk.threshold;
  const at = x(threshold);
  // Square roots, so that one missed defect among a thousand good images stays visible.
  const tall = (count: number) => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / b.most) * (HALF - 4)));
  const width = across / BINS;
  const counts = desk.counts();

  const scoreAt = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (!box) return threshold;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.fround(b.low + share * (b.high - b.low));
  };
  const drag = (event: PointerEvent) => {
    desk.dragged = scoreAt(event);
    desk.changed();
  };
  const keep = async (to: number | null) => {
    const seen = state.threshold;
    const wanted = to;
    try {
      await desk.engine.setThreshold(wanted, seen);
      state.threshold = wanted ?? state.model.threshold;
    } catch (error) {
      desk.fail(error);
    }
    desk.dragged = null;
    desk.changed();
  };
  const byKey = (event: KeyboardEvent) => {
    const step = (b.high - b.low) / (event.shiftKey ? 20 : 200);
    const by: Record<string, number> = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step };
    const move = by[event.key];
    if (event.key === "Home") void keep(null);
    else if (move !== undefined) void keep(Math.fround(Math.min(b.high, Math.max(b.low, threshold + move))));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isOwn = threshold === state.model.threshold;
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
          svg.current?.setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={(event) => {
          if (desk.dragged !== null) drag(event);
        }}
        onPointerUp={(event) => void keep(scoreAt(event))}
        onPointerCancel={() => {
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
        {!isOwn && <line class="own" x1={x(state.model.threshold)} x2={x(state.model.threshold)} y1="0" y2={2 * HALF + 4} />}
        <rect class="above" x={at} width={Math.max(0, across - at)} y="0" height={2 * HALF + 4} />
        <line class="threshold" x1={at} x2={at} y1="0" y2={2 * HALF + 4} />
        <g
          class="handle"
          tabindex={0}
          role="slider"
          aria-label="Threshold"
          aria-valuemin={b.low}
          aria-valuemax={b.high}
          aria-valuenow={threshold}
          aria-valuetext={`${number(threshold)}; ${counts.missed} missed, ${counts.alarms} false alarms`}
          onKeyDown={byKey}
        >
          <path d={`M${at - 8} ${HEIGHT} L${at + 8} ${HEIGHT} L${at + 8} ${HEIGHT - 7} L${at} ${HEIGHT - 15} L${at - 8} ${HEIGHT - 7} Z`} />
        </g>
      </svg>
      <div class="ends quiet" aria-hidden="true">
        <span>{number(b.low)}</span>
        <span>score</span>
        <span>{number(b.high)}</span>
      </div>
      <div class="threshold-line">
        <span>
          Threshold <b>{number(threshold)}</b>
        </span>
        {isOwn ? (
          <span class="quiet">{rate === null ? "set by hand" : `promises ≤ ${percent(rate)} false alarms`}</span>
        ) : (
          <button type="button" class="small" onClick={() => void keep(null)}>
            Back to {number(state.model.threshold)}
          </button>
        )}
      </div>
      <table class="counts">
        <tbody>
          {row("Missed defects", "defect", counts.missed, counts.defect, "missed")}
          {row("False alarms", "good", counts.alarms, counts.good, "alarm")}
        </tbody>
      </table>
    </section>
  );
}
