// The tools below the large image.

import type { Easel } from "./easel";
import type { Tool } from "./painter";

const TOOLS: { tool: Tool; name: string; mark: string; key: string }[] = [
  { tool: "move", name: "Move", mark: "✥", key: "V" },
  { tool: "brush", name: "Brush", mark: "●", key: "B" },
  { tool: "box", name: "Box", mark: "▭", key: "R" },
  { tool: "erase", name: "Eraser", mark: "◌", key: "E" },
];

export function Tools({ easel, paints }: { easel: Easel; paints: boolean }) {
  const { stage } = easel;
  return (
    <div class="tools" role="toolbar" aria-label="Tools">
      {TOOLS.map(({ tool, name, mark, key }) => (
        <button key={tool} type="button" aria-pressed={easel.tool === tool} disabled={!paints && tool !== "move"} title={`${name} (${key})`} onClick={() => easel.take(tool)}>
          <span aria-hidden="true">{mark}</span> {name}
        </button>
      ))}
      <label class="brush-size">
        <span>Size</span>
        <input type="range" min="1" max="200" value={easel.brush} onInput={(event) => easel.size(Number(event.currentTarget.value))} />
      </label>
      <button type="button" disabled={!paints} title="Remove everything that you painted" onClick={() => easel.clear()}>Clear</button>
      <span class="zoom">
        <button type="button" aria-label="Smaller" onClick={() => stage.zoom(0.8)}>−</button>
        <button type="button" title="Whole image (0)" onClick={() => stage.fit()}>{Math.round(easel.zoom * 100)} %</button>
        <button type="button" aria-label="Larger" onClick={() => stage.zoom(1.25)}>+</button>
      </span>
    </div>
  );
}
