// How long a Worker takes to start, told from what workerd takes anyway by
// starting an empty Worker, too. By turns, so that a busy moment meets all.

import { send } from "../tests/support/http.mjs";
import { cpuMs } from "./cpu.mjs";
import { startHost } from "./host.mjs";
import { median } from "./statistics.mjs";
import { EMPTY, OURS, twin } from "./workers.mjs";
import { bindings } from "./world.mjs";

const TURNS = 7;
const WARM_REQUESTS = 10;

/**
 * @typedef {object} Start milliseconds
 * @property {number} answered from starting Miniflare to the first answer
 * @property {number} first the first request alone
 * @property {number} warm a later one
 * @property {number} cpu of workerd up to the first answer; NaN where there is no /proc
 */

/** @returns {Promise<{ours: Start, twin: Start, empty: Start}>} medians */
export async function measureStartUp() {
  const workers = { ours: OURS, twin: await twin(), empty: EMPTY };
  const names = /** @type {(keyof typeof workers)[]} */ (Object.keys(workers));
  const starts = Object.fromEntries(names.map((name) => [name, /** @type {Start[]} */ ([])]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const name of names) starts[name]?.push(await start(workers[name]));
  }
  return /** @type {any} */ (Object.fromEntries(names.map((name) => [name, medians(starts[name] ?? [])])));
}

/** @param {import("./workers.mjs").Module[]} modules @returns {Promise<Start>} */
async function start(modules) {
  const began = performance.now();
  // The upstream's port is closed; the request ends at the missing key and never calls it.
  const host = await startHost(modules, bindings("http://127.0.0.1:9"));
  try {
    const first = await timed(host.url);
    const answered = performance.now() - began;
    const cpu = cpuMs(host.pid) ?? NaN;
    const warm = [];
    for (let i = 0; i < WARM_REQUESTS; i += 1) warm.push(await timed(host.url));
    return { answered, first, warm: median(warm), cpu };
  } finally {
    await host.close();
  }
}

/** @param {string} url */
async function timed(url) {
  const began = performance.now();
  await send(url, "GET", "/admin/threedeye/users/nobody");
  return performance.now() - began;
}

/** @param {Start[]} starts @returns {Start} */
function medians(starts) {
  const of = (/** @type {keyof Start} */ name) => median(starts.map((each) => each[name]));
  return { answered: of("answered"), first: of("first"), warm: of("warm"), cpu: of("cpu") };
}
