// What is known about one image.

import type { Desk } from "./desk";
import type { Detail, Image } from "./engine";
import { number, percent } from "./words";

export function Facts({ desk, image, detail }: { desk: Desk; image: Image; detail: Detail | null }) {
  const flagged = desk.flagged(image);
  const decision = flagged ? "▲ defect" : "○ good";
  return (
    <dl class="facts">
      <dt>Model says</dt>
      <dd>{image.score === undefined ? "–" : flagged === undefined ? "nothing: it has no threshold yet" : decision}</dd>
      <dt>Score</dt>
      <dd>
        {number(image.score)} {desk.threshold !== null && <span class="quiet">threshold {number(desk.threshold)}</span>}
      </dd>
      {detail && (
        <>
          <dt>Good images</dt>
          <dd title="The share of good images that score at least as high">{percent(detail.p_value)} <span class="quiet">score this high</span></dd>
          <dt>Places found</dt>
          <dd>{!detail.has_map ? "no heat map" : desk.state?.model.has_map_threshold ? detail.regions.length : "–"}</dd>
        </>
      )}
      {image.known && (
        <>
          <dt>Data set</dt>
          <dd>{image.known.verdict}{image.known.kind && ` (${image.known.kind})`}</dd>
        </>
      )}
    </dl>
  );
}
