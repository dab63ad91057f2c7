// What is shown over the large image.

import type { Desk } from "./desk";
import type { Easel } from "./easel";

export function Look({ desk, easel }: { desk: Desk; easel: Easel }) {
  const change = (look: () => void) => {
    look();
    desk.changed();
  };
  return (
    <div class="look">
      <label class="slider">
        <span>Heat map</span>
        <input type="range" min="0" max="1" step="0.02" value={desk.heat} onInput={(event) => change(() => { desk.heat = Number(event.currentTarget.value); })} />
      </label>
      <label class="check"><input type="checkbox" checked={desk.outlines} onChange={() => change(() => { desk.outlines = !desk.outlines; })} /> The model's outlines</label>
      <label class="check"><input type="checkbox" checked={easel.mask} onChange={() => easel.showMask(!easel.mask)} /> Painted mask</label>
    </div>
  );
}
