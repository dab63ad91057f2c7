// What a person says about the large image.

import type { Desk } from "./desk";
import type { Image, Verdict } from "./engine";

interface Props {
  desk: Desk;
  image: Image;
  paints: boolean;
  onDecide: (verdict: Verdict) => void;
  onNext: () => void;
}

export function Verdicts({ desk, image, paints, onDecide, onNext }: Props) {
  const { decision } = image;
  return (
    <>
      <div class="verdicts" role="group" aria-label="What it is">
        <button type="button" class="verdict" aria-pressed={decision?.verdict === "good"} disabled={!paints} onClick={() => onDecide("good")}>
          <span aria-hidden="true">✓</span> Good <kbd>G</kbd>
        </button>
        <button type="button" class="verdict" aria-pressed={decision?.verdict === "defect"} disabled={!paints} onClick={() => onDecide("defect")}>
          <span aria-hidden="true">✕</span> Defect <kbd>D</kbd>
        </button>
        <button type="button" class="verdict wide" onClick={onNext}>
          Next undecided <kbd>N</kbd>
        </button>
      </div>
      {decision?.verdict === "defect" && (
        <label class="field">
          <span>Kind of defect (optional)</span>
          <input
            key={image.id}
            type="text"
            list="kinds"
            maxLength={60}
            value={decision.kind}
            onChange={(event) => void desk.decide(image.id, "defect", { kind: event.currentTarget.value })}
          />
          <datalist id="kinds">
            {desk.kinds().map((kind) => <option key={kind} value={kind} />)}
          </datalist>
        </label>
      )}
    </>
  );
}
