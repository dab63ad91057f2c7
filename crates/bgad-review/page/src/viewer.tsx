// One large image and the decision about it.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { Easel } from "./easel";
import type { Verdict } from "./engine";
import { Facts } from "./facts";
import { Hint } from "./hint";
import { Look } from "./look";
import { Tools } from "./tools";
import { Verdicts } from "./verdicts";
import { byKey } from "./viewer-keys";

export function Viewer({ desk }: { desk: Desk; version: number }) {
  const image = desk.opened ? desk.images.get(desk.opened) : undefined;
  const canvas = useRef<HTMLCanvasElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [easel, setEasel] = useState<Easel | null>(null);
  const [, setVersion] = useState(0);
  const id = image?.id;
  const isScored = image?.score !== undefined;

  useEffect(() => {
    if (!canvas.current) return;
    const made = new Easel(desk, canvas.current, () => setVersion((before) => before + 1));
    setEasel(made);
    panel.current?.focus();
    return () => made.close();
  }, []);
  useEffect(() => {
    if (id) void easel?.show(id);
  }, [easel, id, desk.state?.generation, isScored]);
  useEffect(() => {
    if (image) easel?.follow(image.revision);
  }, [easel, image?.revision]);
  useEffect(() => {
    if (!desk.offline && isScored) easel?.again();
  }, [desk.offline, isScored]);
  useEffect(() => {
    if (!easel) return;
    const { stage } = easel;
    stage.tool = easel.tool;
    stage.brush = easel.brush;
    stage.look = { heat: desk.heat, outlines: desk.outlines, mask: easel.mask };
    stage.draw();
  });

  if (!image) return null;
  const go = (next: string | null) => {
    if (!next || next === image.id) return;
    easel?.stage.finish();
    desk.opened = next;
    desk.selected = next;
    desk.changed();
  };
  const actions = {
    close: () => {
      desk.opened = null;
      desk.changed();
    },
    decide: (verdict: Verdict) => void easel?.decide(verdict),
    undo: () => void easel?.undo().then(go),
    move: (by: number) => go(desk.neighbour(image.id, by)),
    nextOpen: () => go(desk.nextOpen(image.id)),
  };
  const onKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement && target.type !== "range" && target.type !== "checkbox") {
      if (event.key === "Escape") panel.current?.focus();
      return;
    }
    if (!easel || !byKey(event, desk, easel, actions)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const paints = isScored && !easel?.problem;
  const places = easel?.detail ? `, ${easel.detail.regions.length} places found` : "";
  return (
    <div class="viewer" role="dialog" aria-modal="true" aria-label={`Image ${image.name}`} ref={panel} tabindex={-1} onKeyDown={onKey}>
      <div class="stage-frame">
        <canvas ref={canvas} class={`stage tool-${easel?.tool ?? "move"}`} role="application" tabindex={0} aria-label={`${image.name}${places}`} />
        {easel?.problem && <p class="stage-problem">{easel.problem}</p>}
        {easel && <Tools easel={easel} paints={paints} />}
      </div>
      <aside class="viewer-side">
        <div class="viewer-head">
          <button type="button" onClick={actions.close} title="Back to all images (Esc)">← Back</button>
          <span class="spring" />
          <button type="button" aria-label="Previous image" title="Previous (Page up)" onClick={() => actions.move(-1)}>‹</button>
          <button type="button" aria-label="Next image" title="Next (Page down)" onClick={() => actions.move(1)}>›</button>
        </div>
        <h2 class="viewer-name">{image.name}</h2>
        <p class="quiet viewer-path">{image.group}</p>
        <Facts desk={desk} image={image} detail={easel?.detail ?? null} />
        <Verdicts desk={desk} image={image} paints={paints} onDecide={actions.decide} onNext={actions.nextOpen} />
        {easel && <Hint desk={desk} image={image} easel={easel} />}
        {easel && <Look desk={desk} easel={easel} />}
        <div class="viewer-foot">
          <button type="button" onClick={actions.undo} title="Undo (Ctrl+Z)">↶ Undo</button>
          {image.decision && <button type="button" onClick={() => void desk.decide(image.id, null, { mask: "remove" })}>Remove decision</button>}
        </div>
      </aside>
    </div>
  );
}
