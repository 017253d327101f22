// workerd with a Worker and an empty D1 in it, started by Miniflare without
// wrangler in between, so that nothing but the Worker and D1 is measured.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions as optionsOf, Miniflare } from "miniflare";
import { unstable_readConfig as readConfig, unstable_splitSqlQuery as splitSql } from "wrangler";
import { inRoot } from "../tooling/paths.mjs";
import { workerdPid } from "./cpu.mjs";

/** @typedef {{type: "ESModule" | "CompiledWasm", path: string, contents?: string}} Module */

/**
 * @typedef {object} Host
 * @property {string} url
 * @property {any} db the D1 binding
 * @property {number | undefined} pid of workerd; undefined where there is no /proc
 * @property {() => Promise<void>} close
 */

const MODULES_ROOT = inRoot("build");
const { compatibility_date, compatibility_flags } = readConfig({ config: inRoot("wrangler.toml") });

/** The Worker as it was built. @type {Module[]} */
export const BUILT = [
  { type: "ESModule", path: join(MODULES_ROOT, "index.js") },
  { type: "CompiledWasm", path: join(MODULES_ROOT, "index_bg.wasm") },
];

/** A Worker that does nothing, to know what starting workerd takes without ours. @type {Module[]} */
export const EMPTY = [
  { type: "ESModule", path: join(MODULES_ROOT, "empty.js"), contents: "export default { fetch: () => new Response() };" },
];

/** The built Worker behind what counts its D1 calls and rows, as in the tests. @returns {Promise<Module[]>} */
export async function instrumented() {
  return [
    { type: "ESModule", path: join(MODULES_ROOT, "instruments.js"), contents: await readFile(inRoot("tests/support/instruments.js"), "utf8") },
    // The name under which the instruments import what they are put in front of.
    { type: "ESModule", path: join(MODULES_ROOT, "the-built-worker"), contents: 'export { default } from "./index.js";' },
    ...BUILT,
  ];
}

/** @param {Module[]} modules @param {Record<string, string>} [bindings] @returns {Promise<Host>} once it can be called */
export async function startHost(modules, bindings = {}) {
  const worker = {
    name: "bench",
    modules,
    modulesRoot: MODULES_ROOT,
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    bindings,
    d1Databases: { DB: "bench" },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  const miniflare = new Miniflare(optionsOf({ port: 0, cf: false, handleStructuredLogs: () => {}, workers: [worker] }));
  await miniflare.ready;
  return {
    url: (await miniflare.unsafeGetDirectURL("bench")).origin,
    db: await miniflare.getD1Database("DB", "bench"),
    pid: workerdPid(),
    close: () => miniflare.dispose(),
  };
}

/** Applies the migrations. @param {Host} host */
export async function migrate({ db }) {
  const dir = inRoot("migrations");
  for (const file of (await readdir(dir)).sort()) {
    const statements = splitSql(await readFile(join(dir, file), "utf8"));
    await db.batch(statements.map((sql) => db.prepare(sql)));
  }
}
