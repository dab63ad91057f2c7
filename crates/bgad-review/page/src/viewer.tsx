// One large image and the decision about it.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Desk, reason } from "./desk";
import { truth } from "./collection";
import { ask, type Detail, type Verdict } from "./engine";
import { Facts } from "./facts";
import { readHeat } from "./heat";
import { Painter, type Tool } from "./painter";
import { Stage } from "./stage";

const TOOLS: { tool: Tool; name: string; mark: string; key: string }[] = [
  { tool: "move", name: "Move", mark: "✥", key: "V" },
  { tool: "brush", name: "Brush", mark: "●", key: "B" },
  { tool: "box", name: "Box", mark: "▭", key: "R" },
  { tool: "erase", name: "Eraser", mark: "◌", key: "E" },
];

interface Shown {
  stage: Stage;
  /** The image that is shown. */
  id: string;
  /** The revision whose mask is shown; a different one comes from another window. */
  revision: number;
  saving: Promise<void>;
  waiting: number;
  /** Whether a stroke could not be stored, because the server did not answer. */
  unsaved: boolean;
  /** Whether undo can return to the image as it was before its first stroke. */
  begun: boolean;
}

const NOT_STORED = "not stored yet";

export function Viewer({ desk }: { desk: Desk; version: number }) {
  const image = desk.opened ? desk.images.get(desk.opened) : undefined;
  const canvas = useRef<HTMLCanvasElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const shown = useRef<Shown | null>(null);
  const [detail, setDetail] = useState<Detail | null>(null);
  const [problem, setProblem] = useState("");
  const [tool, setTool] = useState<Tool>("move");
  const [brush, setBrush] = useState(16);
  const [mask, setMask] = useState(true);
  const [zoom, setZoom] = useState(1);
  const [saved, setSaved] = useState("");
  const id = image?.id;
  const generation = desk.state?.generation;

  /** Shows the stored mask. */
  const reload = async (view: Shown, painter: Painter, id: string) => {
    view.begun = false;
    await painter.load(desk.images.get(id)?.decision?.mask ? await desk.engine.mask(id) : null);
    view.stage.draw();
  };

  /** Stores the current mask; strokes made in the meantime are stored together afterwards. */
  const save = () => {
    const view = shown.current;
    const painter = view?.stage.painter;
    if (!view || !painter) return;
    const target = view.id;
    view.waiting += 1;
    setSaved("saving…");
    view.saving = view.saving.then(async () => {
      view.waiting -= 1;
      if (view.waiting > 0) return;
      view.waiting += 1;
      await store(view, painter, target).catch((error: unknown) => desk.fail(error));
      view.waiting -= 1;
    });
  };

  const store = async (view: Shown, painter: Painter, target: string) => {
    const png = await painter.png();
    // The strokes of a visit are undone one by one here, and later as one step.
    const stored = await desk.decide(target, "defect", { mask: png ?? "remove", undo: !view.begun });
    if (view.stage.painter !== painter) return;
    view.unsaved = stored === "failed";
    if (view.unsaved) return setSaved(NOT_STORED);
    view.revision = desk.images.get(target)?.revision ?? 0;
    view.begun = stored === "stored";
    setSaved(stored === "stored" ? "saved" : "");
    if (stored === "stale") await reload(view, painter, target);
  };

  useEffect(() => {
    if (!canvas.current) return;
    const stage = new Stage(canvas.current);
    shown.current = { stage, id: "", revision: 0, saving: Promise.resolve(), waiting: 0, unsaved: false, begun: false };
    stage.onZoom = setZoom;
    panel.current?.focus();
    return () => stage.close();
  }, []);

  // Another image, or the same image with another model.
  useEffect(() => {
    const view = shown.current;
    if (!view || !id) return;
    let gone = false;
    const open = async () => {
      // Strokes that are not stored yet outlast another model and a restart of the server.
      const strokes = view.unsaved && view.id === id ? view.stage.painter : null;
      // No stroke may end up in the mask of the next image, whose picture is still on its way.
      if (view.id !== id) view.stage.painter = null;
      view.id = id;
      setDetail(null);
      setProblem("");
      if (!strokes) {
        view.unsaved = view.begun = false;
        setSaved("");
      }
      const now = desk.images.get(id);
      if (!now) return;
      if (now.error) {
        view.stage.show(null);
        setProblem(now.error);
        return;
      }
      const answer = await ask(desk.engine.picture(now));
      const bitmap = await createImageBitmap(await answer.blob(), { imageOrientation: "none" } as ImageBitmapOptions);
      if (gone) return bitmap.close();
      view.stage.show(bitmap);
      setBrush(Math.max(3, Math.round(Math.max(bitmap.width, bitmap.height) / 24)));
      if (now.score === undefined) return;
      const more = await desk.engine.detail(id);
      if (gone) return;
      setDetail(more);
      const painter = strokes ?? new Painter(more.width, more.height);
      const stored = desk.images.get(id);
      if (!strokes) await painter.load(stored?.decision?.mask ? await desk.engine.mask(id) : null);
      if (gone) return;
      view.revision = stored?.revision ?? 0;
      view.stage.painter = painter;
      if (more.has_map && desk.state) {
        const heat = await readHeat(desk.engine.map(now, desk.state));
        if (gone) return;
        view.stage.heat = heat;
      }
      view.stage.draw();
    };
    open().catch((error: unknown) => {
      if (!gone) setProblem(reason(error));
    });
    return () => {
      gone = true;
    };
  }, [id, generation, image?.score === undefined]);

  // After a decision in another window or an undo, shows that mask instead of this one.
  useEffect(() => {
    const view = shown.current;
    const painter = view?.stage.painter;
    if (!view || !painter || !image || view.id !== image.id || view.waiting > 0 || view.unsaved || view.revision === image.revision) return;
    view.revision = image.revision;
    reload(view, painter, image.id).catch((error: unknown) => desk.fail(error));
  }, [image?.revision]);

  // When the server answers again, stores the strokes that it did not get.
  useEffect(() => {
    if (!desk.offline && image?.score !== undefined && shown.current?.unsaved) save();
  }, [desk.offline, image?.score === undefined]);

  useEffect(() => {
    const stage = shown.current?.stage;
    if (!stage) return;
    stage.tool = tool;
    stage.brush = brush;
    stage.look = { heat: desk.heat, outlines: desk.outlines, mask };
    stage.draw();
  });

  if (!image) return null;
  const what = truth(image);

  if (shown.current) shown.current.stage.onStroke = save;

  /** Whether the image can be left; strokes that are not stored would be lost. */
  const mayLeave = () => !shown.current?.unsaved || window.confirm("Your last strokes are not stored, because bgad review does not answer. Leave this image without them?");
  const go = (next: string | null) => {
    if (!next || next === image.id || !mayLeave()) return;
    desk.opened = next;
    desk.selected = next;
    desk.changed();
  };
  const decide = async (verdict: Verdict) => {
    await shown.current?.saving;
    if ((await desk.decide(image.id, verdict)) === "stored") setSaved("saved");
  };
  const undo = async () => {
    const view = shown.current;
    const painter = view?.stage.painter;
    if (view && painter?.canUndo && painter.undo()) {
      view.stage.draw();
      await view.saving;
      // The first stroke also decided, so undoing it returns to what was there before.
      if (painter.canUndo || !view.begun) return save();
      view.begun = false;
    }
    go(await desk.undo());
  };
  const clear = () => {
    const painter = shown.current?.stage.painter;
    if (!painter || painter.isEmpty()) return;
    painter.begin();
    painter.clear();
    painter.end();
    shown.current?.stage.draw();
    save();
  };
  const close = () => {
    if (!mayLeave()) return;
    desk.opened = null;
    desk.changed();
  };
  const look = (change: () => void) => {
    change();
    desk.changed();
  };

  const byKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement && target.type !== "range") {
      if (event.key === "Escape") panel.current?.focus();
      return;
    }
    if (target instanceof HTMLInputElement && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    const stage = shown.current?.stage;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const command = event.ctrlKey || event.metaKey;
    const does: Record<string, () => void> = command
      ? { z: () => void undo() }
      : {
          Escape: close,
          g: () => void decide("good"),
          d: () => void decide("defect"),
          n: () => go(desk.nextOpen(image.id)),
          u: () => void undo(),
          ArrowRight: () => go(desk.neighbour(image.id, 1)),
          ArrowLeft: () => go(desk.neighbour(image.id, -1)),
          v: () => setTool("move"),
          b: () => setTool("brush"),
          r: () => setTool("box"),
          e: () => setTool("erase"),
          h: () => look(() => { desk.heat = desk.heat > 0 ? 0 : 0.5; }),
          o: () => look(() => { desk.outlines = !desk.outlines; }),
          m: () => setMask(!mask),
          "+": () => stage?.zoom(1.25),
          "=": () => stage?.zoom(1.25),
          "-": () => stage?.zoom(0.8),
          "0": () => stage?.fit(),
          "[": () => setBrush(Math.max(1, Math.round(brush / 1.25))),
          "]": () => setBrush(Math.min(500, Math.max(brush + 1, Math.round(brush * 1.25)))),
        };
    const action = does[key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };

  const paints = image.score !== undefined && !problem;
  return (
    <div class="viewer" role="dialog" aria-modal="true" aria-label={`Image ${image.name}`} ref={panel} tabindex={-1} onKeyDown={byKey}>
      <div class="stage-frame">
        <canvas ref={canvas} class={`stage tool-${tool}`} role="img" aria-label={`${image.name}${detail ? `, ${detail.regions.length} places found` : ""}`} />
        {problem && <p class="stage-problem">{problem}</p>}
        <div class="tools" role="toolbar" aria-label="Tools">
          {TOOLS.map((each) => (
            <button key={each.tool} type="button" aria-pressed={tool === each.tool} disabled={!paints && each.tool !== "move"} title={`${each.name} (${each.key})`} onClick={() => setTool(each.tool)}>
              <span aria-hidden="true">{each.mark}</span> {each.name}
            </button>
          ))}
          <label class="brush-size">
            <span>Size</span>
            <input type="range" min="1" max="200" value={brush} onInput={(event) => setBrush(Number(event.currentTarget.value))} />
          </label>
          <button type="button" disabled={!paints} title="Remove everything that you painted" onClick={clear}>Clear</button>
          <span class="zoom">
            <button type="button" aria-label="Smaller" onClick={() => shown.current?.stage.zoom(0.8)}>−</button>
            <button type="button" title="Whole image (0)" onClick={() => shown.current?.stage.fit()}>{Math.round(zoom * 100)} %</button>
            <button type="button" aria-label="Larger" onClick={() => shown.current?.stage.zoom(1.25)}>+</button>
          </span>
        </div>
      </div>
      <aside class="viewer-side">
        <div class="viewer-head">
          <button type="button" onClick={close} title="Back to all images (Esc)">← Back</button>
          <span class="spring" />
          <button type="button" aria-label="Previous image" title="Previous (←)" onClick={() => go(desk.neighbour(image.id, -1))}>‹</button>
          <button type="button" aria-label="Next image" title="Next (→)" onClick={() => go(desk.neighbour(image.id, 1))}>›</button>
        </div>
        <h2 class="viewer-name">{image.name}</h2>
        <p class="quiet viewer-path">{image.group}</p>
        <Facts desk={desk} image={image} detail={detail} />
        <div class="verdicts" role="group" aria-label="What it is">
          <button type="button" class="verdict" aria-pressed={image.decision?.verdict === "good"} disabled={!paints} onClick={() => void decide("good")}>
            <span aria-hidden="true">✓</span> Good <kbd>G</kbd>
          </button>
          <button type="button" class="verdict" aria-pressed={image.decision?.verdict === "defect"} disabled={!paints} onClick={() => void decide("defect")}>
            <span aria-hidden="true">✕</span> Defect <kbd>D</kbd>
          </button>
          <button type="button" class="verdict wide" onClick={() => go(desk.nextOpen(image.id))}>
            Next undecided <kbd>N</kbd>
          </button>
        </div>
        {image.decision?.verdict === "defect" && (
          <label class="field">
            <span>Kind of defect (optional)</span>
            <input
              key={image.id}
              type="text"
              list="kinds"
              maxLength={60}
              value={image.decision.kind}
              onChange={(event) => void desk.decide(image.id, "defect", { kind: event.currentTarget.value })}
            />
            <datalist id="kinds">
              {desk.kinds().map((kind) => <option key={kind} value={kind} />)}
            </datalist>
          </label>
        )}
        <p class="hint" aria-live="polite">
          {image.decision?.mask
            ? "The painted mask shows where the defect is."
            : what === "defect"
              ? "Paint over the defect, so that the model also learns where it is."
              : desk.missed(image) || desk.alarm(image)
                ? ""
                : "Decide, or paint over a defect with the brush."}{" "}
          <span class={saved === NOT_STORED ? "saved warning" : "saved"}>{saved}</span>
        </p>
        <div class="look">
          <label class="slider">
            <span>Heat map</span>
            <input type="range" min="0" max="1" step="0.02" value={desk.heat} onInput={(event) => look(() => { desk.heat = Number(event.currentTarget.value); })} />
          </label>
          <label class="check"><input type="checkbox" checked={desk.outlines} onChange={() => look(() => { desk.outlines = !desk.outlines; })} /> The model's outlines</label>
          <label class="check"><input type="checkbox" checked={mask} onChange={() => setMask(!mask)} /> Painted mask</label>
        </div>
        <div class="viewer-foot">
          <button type="button" onClick={() => void undo()} title="Undo (Ctrl+Z)">↶ Undo</button>
          {image.decision && <button type="button" onClick={() => void desk.decide(image.id, null, { mask: "remove" })}>Remove decision</button>}
        </div>
      </aside>
    </div>
  );
}
