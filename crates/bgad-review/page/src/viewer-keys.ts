// The keys of the large image.

import type { Desk } from "./desk";
import type { Easel } from "./easel";
import type { Verdict } from "./engine";

export interface Actions {
  close: () => void;
  decide: (verdict: Verdict) => void;
  undo: () => void;
  /** Shows the neighbour of the image. */
  move: (by: number) => void;
  nextOpen: () => void;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Does what a key means; returns whether it means something. */
export function byKey(event: KeyboardEvent, desk: Desk, easel: Easel, act: Actions): boolean {
  const target = event.target as HTMLElement;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const ofTarget = target.closest("button, input, select");
  // These keys belong to what has the focus.
  if (target instanceof HTMLInputElement && /^(Arrow|Home|End|Page)/.test(key)) return false;
  if (ofTarget && key === " ") return false;
  const { stage, brush } = easel;
  const look = (change: () => void) => () => {
    change();
    desk.changed();
  };
  const paints = easel.tool !== "move" && stage.painter !== null;
  const arrow = ARROWS[key];
  const does: Record<string, () => void> =
    event.ctrlKey || event.metaKey
      ? { z: act.undo }
      : {
          Escape: () => (stage.cancel() ? easel.take(easel.tool) : act.close()),
          g: () => act.decide("good"),
          d: () => act.decide("defect"),
          n: act.nextOpen,
          u: act.undo,
          PageDown: () => act.move(1),
          PageUp: () => act.move(-1),
          v: () => easel.take("move"),
          b: () => easel.take("brush"),
          r: () => easel.take("box"),
          e: () => easel.take("erase"),
          h: look(() => { desk.heat = desk.heat > 0 ? 0 : 0.5; }),
          o: look(() => { desk.outlines = !desk.outlines; }),
          m: () => easel.showMask(!easel.mask),
          "+": () => stage.zoom(1.25),
          "=": () => stage.zoom(1.25),
          "-": () => stage.zoom(0.8),
          "0": () => stage.fit(),
          "[": () => easel.size(Math.max(1, Math.round(brush / 1.25))),
          "]": () => easel.size(Math.min(500, Math.max(brush + 1, Math.round(brush * 1.25)))),
          ...(paints
            ? {
                " ": () => easel.press(),
                ...(arrow && { [key]: () => easel.step(...arrow, event.shiftKey) }),
              }
            : {
                ArrowRight: () => act.move(1),
                ArrowLeft: () => act.move(-1),
              }),
        };
  const action = does[key];
  if (!action) return false;
  action();
  return true;
}
