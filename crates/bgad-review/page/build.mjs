// Builds the page into the folder that is named, or into dist, which is committed: cargo compiles it in.
import { cp, mkdir } from "node:fs/promises";
import { build } from "esbuild";

const out = process.argv[2] ?? "dist";
await mkdir(out, { recursive: true });
await build({
  entryPoints: { page: "src/main.tsx" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2022", "safari16"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  charset: "utf8",
});
for (const file of ["index.html", "icon.svg"]) await cp(`src/${file}`, `${out}/${file}`);
