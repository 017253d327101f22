// The Workers that are measured, as modules for Miniflare.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { inRoot } from "../dev/tooling/paths.mjs";

/** @typedef {{type: "ESModule" | "CompiledWasm", path: string, contents?: string}} Module */

export const MODULES_ROOT = inRoot("build");

/** @param {string} name @param {string} contents @returns {Module} */
const script = (name, contents) => ({ type: "ESModule", path: join(MODULES_ROOT, name), contents });

/** Ours, as it was built. @type {Module[]} */
export const OURS = [
  { type: "ESModule", path: join(MODULES_ROOT, "worker.js") },
  { type: "CompiledWasm", path: join(MODULES_ROOT, "index_bg.wasm") },
];

/** A Worker behind what counts its D1 calls and rows, as in the tests. @param {Module[]} [worker] @returns {Promise<Module[]>} */
export async function instrumented(worker = OURS) {
  return [
    script("instruments.js", await readFile(inRoot("tests/support/instruments.js"), "utf8")),
    // The name under which the instruments import what they are put in front of.
    script("the-built-worker", `export { default } from "./${basename(worker[0]?.path ?? "")}";`),
    ...worker,
  ];
}

/** The twin, bundled and minified as for deployment. @returns {Promise<Module[]>} */
export async function twin() {
  const { outputFiles } = await build({
    entryPoints: [inRoot("bench/twin/index.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "esnext",
    write: false,
  });
  return outputFiles.map(({ text }) => script("twin.js", text));
}

/** Does nothing: what a request costs before any Worker has begun. @type {Module[]} */
export const EMPTY = [script("empty.js", "export default { fetch: () => new Response() };")];

/** Reads one row of D1 and does nothing else. @type {Module[]} */
export const ONE_QUERY = [
  script(
    "one-query.js",
    `export default {
       fetch: async (request, { DB }) => Response.json(await DB.prepare("SELECT version FROM schema_version").first()),
     };`,
  ),
];
