// Sends the same request many times and notes what that took.

import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "./cpu.mjs";
import { sum } from "./statistics.mjs";

/**
 * @typedef {object} Load
 * @property {number} times
 * @property {number} concurrency how many requests are under way at once
 *
 * @typedef {object} Figures
 * @property {number} times
 * @property {number} cpu milliseconds of workerd, all requests together; NaN where there is no /proc
 * @property {number} elapsed milliseconds, all requests together
 * @property {number[]} ms of each request
 * @property {any[]} answers what each request was told
 */

/** Some work is left when an answer is out: its log line, and what SQLite writes behind. */
const SETTLE_MS = 20;

/**
 * @param {import("./world.mjs").World} world
 * @param {import("./world.mjs").Request} request
 * @param {Load} load
 * @returns {Promise<Figures>}
 */
export async function measure(world, request, { times, concurrency }) {
  const { putBack, turns = [] } = request;
  if (!putBack) return burst(world, request, { times, concurrency });
  const bursts = [];
  for (let left = times; left > 0; left -= turns.length) {
    await putBack(world);
    bursts.push(await burst(world, request, { times: Math.min(left, turns.length), concurrency }));
  }
  return merge(bursts);
}

/** @type {typeof measure} */
async function burst(world, request, { times, concurrency }) {
  const ms = /** @type {number[]} */ ([]);
  const answers = /** @type {any[]} */ ([]);
  let left = times;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const began = performance.now();
      const { json } = await world.call(request);
      ms.push(performance.now() - began);
      answers.push(json);
    }
  };
  await sleep(SETTLE_MS);
  const before = cpuMs(world.host.pid) ?? NaN;
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  const elapsed = performance.now() - began;
  await sleep(SETTLE_MS);
  const after = cpuMs(world.host.pid) ?? NaN;
  return { times, cpu: after - before, elapsed, ms, answers };
}

/** Several rounds as one. @param {Figures[]} rounds @returns {Figures} */
export const merge = (rounds) => ({
  times: sum(rounds.map(({ times }) => times)),
  cpu: sum(rounds.map(({ cpu }) => cpu)),
  elapsed: sum(rounds.map(({ elapsed }) => elapsed)),
  ms: rounds.flatMap(({ ms }) => ms),
  answers: rounds.flatMap(({ answers }) => answers),
});
