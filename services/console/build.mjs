// Builds client/ into built/: each entry bundled, with a hash in its name, gz and br beside it, and manifest.json, which
// says the built name of each entry. The folder is made whole or not at all.
import { build } from "esbuild";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "built");
const made = join(here, "built.new");
const entries = [
  "console.js", "rider.js", "rider_worker.js", "map.js", "wall.js",
  "console.css", "ops.css", "rider.css", "map.css", "wall.css",
];

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
const done = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => join("client", extname(name) === ".css" ? "styles" : "", name)),
  outdir: made,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  charset: "utf8",
  target: ["chrome87", "safari15"],
  loader: { ".svg": "file", ".png": "file" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(done.metafile.outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
}
for (const name of readdirSync(made)) {
  const content = readFileSync(join(made, name));
  writeFileSync(join(made, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(made, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
const missing = entries.filter((name) => !manifest[name]);
if (missing.length) throw new Error(`not built: ${missing}`);
writeFileSync(join(made, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
rmSync(built, { recursive: true, force: true });
renameSync(made, built);
