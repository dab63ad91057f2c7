// The page: header, panel of figures, wall, and dialogs.

import "./page.css";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Filter, Order } from "./collection";
import { Desk } from "./desk";
import { dropped } from "./drop";
import { ServerEngine } from "./engine";
import { Help } from "./help";
import { Histogram } from "./histogram";
import { Open } from "./open";
import { Teach } from "./teach";
import { Viewer } from "./viewer";
import { Wall } from "./wall";
import { short } from "./words";

const FILTERS: [Filter, string][] = [
  ["all", "All"],
  ["open", "Undecided"],
  ["flagged", "▲ Model: defect"],
  ["missed", "Missed"],
  ["alarm", "False alarms"],
  ["defect", "Defects"],
  ["good", "Good"],
  ["taught", "Taught"],
  ["damaged", "Can't be read"],
];
const ORDERS: [Order, string][] = [
  ["high", "highest score first"],
  ["low", "lowest score first"],
  ["near", "nearest to the threshold"],
  ["name", "by name"],
];

type Window = "teach" | "open" | "help" | null;

function Page({ desk }: { desk: Desk }) {
  const [version, setVersion] = useState(0);
  const [over, setOver] = useState<Window>(null);
  const [dropping, setDropping] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const wall = useRef<Wall | null>(null);
  const learned = useRef<number | null>(null);

  useEffect(() => desk.subscribe(() => setVersion((before) => before + 1)), []);
  useEffect(() => {
    if (root.current) wall.current = new Wall(root.current, desk);
    root.current?.focus();
  }, []);
  useEffect(() => wall.current?.update());
  // Returns keyboard focus to the wall when an image is closed.
  useEffect(() => {
    if (desk.opened || !desk.selected) return;
    wall.current?.reveal(desk.selected);
    root.current?.focus({ preventScroll: true });
  }, [desk.opened]);
  // When a lesson ends, shows what has changed.
  useEffect(() => {
    const count = desk.state?.lessons.length;
    if (count === undefined) return;
    if (learned.current !== null && count > learned.current) {
      desk.opened = null;
      setOver("teach");
    }
    learned.current = count;
  }, [desk.state?.lessons.length]);
  useEffect(() => {
    if (desk.state) document.title = `${short(desk.state.model.name)} · bgad review`;
  }, [desk.state?.model.name]);

  const select = (id: string | null) => {
    if (!id) return;
    root.current?.focus({ preventScroll: true });
    desk.selected = id;
    wall.current?.reveal(id);
    desk.changed();
  };
  const byKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (desk.opened || over || target.matches("input, select, textarea")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const row = wall.current?.perRow ?? 1;
    const sight = row * (wall.current?.rowsInSight ?? 1);
    const { selected } = desk;
    const isWall = target === root.current || target === document.body;
    const move = (by: number) => () => select(desk.neighbour(selected, by));
    const decide = (verdict: "good" | "defect") => () => selected && void desk.decide(selected, verdict);
    const does: Record<string, () => void> =
      event.ctrlKey || event.metaKey
        ? { z: () => void desk.undo().then(select) }
        : event.altKey
          ? {}
          : {
              g: () => void decide("good")(),
              d: () => void decide("defect")(),
              u: () => void desk.undo().then(select),
              n: () => select(desk.nextOpen(selected)),
              h: () => {
                desk.heat = desk.heat > 0 ? 0 : 0.5;
                desk.changed();
              },
              t: () => setOver("teach"),
              "?": () => setOver("help"),
              ...(isWall
                ? {
                    ArrowRight: move(1),
                    ArrowLeft: move(-1),
                    ArrowDown: move(row),
                    ArrowUp: move(-row),
                    PageDown: move(sight),
                    PageUp: move(-sight),
                    Home: move(Number.NEGATIVE_INFINITY),
                    End: move(Number.POSITIVE_INFINITY),
                    Enter: () => selected && wall.current?.open(selected),
                  }
                : {}),
            };
    const action = does[key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  useEffect(() => {
    window.addEventListener("keydown", byKey);
    return () => window.removeEventListener("keydown", byKey);
  });
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      setDropping(true);
    };
    const leave = (event: DragEvent) => {
      if (!event.relatedTarget) setDropping(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setDropping(false);
      if (event.dataTransfer) void dropped(event.dataTransfer).then((files) => desk.upload(files));
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);

  const state = desk.state;
  const lesson = desk.lesson();
  const teachable = lesson.missed.length + lesson.alarms.length;
  const counts = desk.filterCounts();
  const list = desk.list();
  const groups = desk.groups();
  const exports = desk.engine.exports();
  const choose = async (path: string) => {
    try {
      await desk.engine.choose(path);
    } catch (error) {
      desk.fail(error);
      desk.changed();
    }
  };
  return (
    <>
      <header class="top" inert={desk.opened !== null}>
        <h1><img src="/icon.svg" alt="" width="22" height="22" /> bgad review</h1>
        {state &&
          (state.models.length > 1 ? (
            <label class="model-choice">
              <span class="hidden">Model</span>
              <select value={state.models.find((model) => model.current)?.path ?? ""} onChange={(event) => void choose(event.currentTarget.value)}>
                {state.models.map((model) => <option key={model.path} value={model.path}>{model.name}</option>)}
              </select>
            </label>
          ) : (
            <span class="model-name" title={state.model.name}>{short(state.model.name)}</span>
          ))}
        <span class="status quiet" role="status">
          {desk.offline
            ? "bgad review does not answer"
            : desk.uploads
              ? `adding ${desk.uploads.done} of ${desk.uploads.all}`
              : state && state.waiting > 0
                ? `scoring, ${state.waiting} to go`
                : ""}
        </span>
        <span class="spring" />
        <button type="button" onClick={() => setOver("open")}>Open…</button>
        <details class="menu">
          <summary>Export</summary>
          <div>
            <a href={exports.model} download>Model file</a>
            <a href={exports.scores} download>Table of scores (CSV)</a>
            <a href={exports.report} download>Report (HTML)</a>
          </div>
        </details>
        {desk.canUndo && !desk.selected && <button type="button" aria-label="Undo" title="Undo (U)" onClick={() => void desk.undo().then(select)}>↶</button>}
        <button type="button" class="keys-button" aria-label="Keys" title="Keys (?)" onClick={() => setOver("help")}>?</button>
        <button type="button" class={teachable > 0 || state?.learning ? "primary" : ""} onClick={() => setOver("teach")}>
          {state?.learning ? `Teaching ${Math.round(state.learning.progress * 100)} %` : teachable > 0 ? `Teach ${teachable}` : "Teach"}
        </button>
      </header>
      <main inert={desk.opened !== null}>
        <nav class="side" aria-label="Figures and filters">
          <Histogram desk={desk} version={version} />
          <section class="panel filters" aria-label="Filters">
            {FILTERS.filter(([filter]) => counts[filter] > 0 || filter === "all" || filter === desk.filter || ["open", "missed", "alarm"].includes(filter)).map(([filter, name]) => (
              <button
                key={filter}
                type="button"
                class="filter"
                aria-pressed={desk.filter === filter}
                onClick={() => {
                  desk.filter = filter;
                  if (root.current) root.current.scrollTop = 0;
                  desk.changed();
                }}
              >
                <span>{name}</span>
                <span class="n">{counts[filter]}</span>
              </button>
            ))}
          </section>
          <section class="panel controls" aria-label="Order and heat map">
            <label class="field">
              <span>Order</span>
              <select value={desk.order} onChange={(event) => { desk.order = event.currentTarget.value as Order; desk.changed(); }}>
                {ORDERS.map(([order, name]) => <option key={order} value={order}>{name}</option>)}
              </select>
            </label>
            {groups.length > 1 && (
              <label class="field">
                <span>From</span>
                <select value={desk.group} onChange={(event) => { desk.group = event.currentTarget.value; desk.changed(); }}>
                  <option value="">everywhere</option>
                  {groups.map((group) => <option key={group} value={group}>{group}</option>)}
                </select>
              </label>
            )}
            {state?.model.has_maps !== false && (
              <label class="slider">
                <span>Heat map</span>
                <input type="range" min="0" max="1" step="0.02" value={desk.heat} onInput={(event) => { desk.heat = Number(event.currentTarget.value); desk.changed(); }} />
              </label>
            )}
          </section>
          {state?.failure && <p class="warning">{state.failure}</p>}
        </nav>
        <div class="wall-frame">
          <div ref={root} class="wall" role="listbox" tabindex={0} aria-label={`${list.length} images`} />
          {state && list.length === 0 && (
            <div class="empty">
              {desk.images.size === 0 ? (
                <>
                  <p><b>No images yet.</b></p>
                  <p>Drop images or a folder here, or <button type="button" class="link" onClick={() => setOver("open")}>open</button> some.</p>
                </>
              ) : (
                <p>No image matches this filter. <button type="button" class="link" onClick={() => { desk.filter = "all"; desk.group = ""; desk.changed(); }}>Show all</button></p>
              )}
            </div>
          )}
        </div>
      </main>
      {desk.selected && !desk.opened && (
        <div class="bar" role="toolbar" aria-label="Decide about the selected image">
          <span class="bar-name">{desk.images.get(desk.selected)?.name}</span>
          <button type="button" onClick={() => wall.current?.open(desk.selected ?? "")}>Enlarge <kbd>↵</kbd></button>
          <button type="button" onClick={() => desk.selected && void desk.decide(desk.selected, "good")}>✓ Good <kbd>G</kbd></button>
          <button type="button" onClick={() => desk.selected && void desk.decide(desk.selected, "defect")}>✕ Defect <kbd>D</kbd></button>
          <button type="button" onClick={() => select(desk.nextOpen(desk.selected))}>Next <kbd>N</kbd></button>
          <button type="button" onClick={() => void desk.undo().then(select)}>Undo <kbd>U</kbd></button>
        </div>
      )}
      {desk.opened && <Viewer desk={desk} version={version} />}
      {over === "teach" && <Teach desk={desk} version={version} onClose={() => setOver(null)} />}
      {over === "open" && <Open desk={desk} onClose={() => setOver(null)} />}
      {over === "help" && <Help onClose={() => setOver(null)} />}
      {dropping && <div class="dropping">Drop images or a folder</div>}
      <div class="messages" aria-live="polite">
        {desk.message && <p class={desk.message.wrong ? "message wrong" : "message"}>{desk.message.text}</p>}
      </div>
    </>
  );
}

const desk = new Desk(new ServerEngine());
window.addEventListener("beforeunload", (event) => {
  if (desk.drafts.isUnsafe) event.preventDefault();
});
const page = document.getElementById("page");
if (page) render(<Page desk={desk} />, page);
void desk.follow();
