// workerd with one Worker and an empty D1 in it, started by Miniflare without
// wrangler in between, so that nothing but the Worker and D1 is measured.

import { Miniflare, convertV4MiniflareOptions as optionsOf } from "miniflare";
import workerd from "workerd";
import { unstable_readConfig as readConfig } from "wrangler";
import { inRoot } from "../dev/tooling/paths.mjs";
import { workerdPids } from "./cpu.mjs";
import { MODULES_ROOT } from "./workers.mjs";

/**
 * @typedef {object} Host
 * @property {string} url
 * @property {any} db the D1 binding
 * @property {number | undefined} pid of workerd; undefined where there is no /proc
 * @property {() => Promise<void>} close
 */

const { compatibility_date, compatibility_flags } = readConfig({ config: inRoot("wrangler.toml") });

// What Miniflare starts in the place of workerd.
process.env.MINIFLARE_WORKERD_PATH = inRoot("bench/quiet-workerd.sh");
process.env.WORKERD = workerd.default;

/**
 * One at a time: which workerd is whose is told by which one is new.
 * @param {import("./workers.mjs").Module[]} modules
 * @param {Record<string, string>} [bindings]
 * @returns {Promise<Host>} once it can be called
 */
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
  const running = new Set(workerdPids());
  const miniflare = new Miniflare(optionsOf({ port: 0, cf: false, handleStructuredLogs: () => {}, workers: [worker] }));
  await miniflare.ready;
  return {
    url: (await miniflare.unsafeGetDirectURL("bench")).origin,
    db: await miniflare.getD1Database("DB", "bench"),
    pid: workerdPids().find((pid) => !running.has(pid)),
    close: () => miniflare.dispose(),
  };
}
