// What to do next with the large image, and what became of the last stroke.

import { truth } from "./collection";
import type { Desk } from "./desk";
import { type Easel, NOT_STORED } from "./easel";
import type { Image } from "./engine";

export function Hint({ desk, image, easel }: { desk: Desk; image: Image; easel: Easel }) {
  const isNew = truth(image) !== "defect" && !desk.missed(image) && !desk.alarm(image);
  const text = image.decision?.mask
    ? "The painted mask shows where the defect is."
    : truth(image) === "defect"
      ? "Paint over the defect, so that the model also learns where it is."
      : isNew
        ? "Decide, or paint over a defect with the brush."
        : "";
  return (
    <>
      <p class="hint" aria-live="polite">
        {text} <span class={easel.saved === NOT_STORED ? "saved warning" : "saved"}>{easel.saved}</span>
      </p>
      {easel.tool !== "move" && <p class="hint by-keys" aria-live="polite">{byKeys(easel)}</p>}
    </>
  );
}

function byKeys({ tool, stage }: Easel): string {
  const what = tool === "box" ? "box" : "stroke";
  return stage.pen.isDown
    ? `The arrows draw; Space ends the ${what}, Esc takes it back.`
    : `By keys: the arrows move the cursor, with Shift farther; Space begins a ${what}.`;
}
