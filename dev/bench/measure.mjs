// Sends the same request many times, one after the other, and notes what each cost.

import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "./cpu.mjs";

/** @typedef {import("../simulator/calls.mjs").Call} Call */

/**
 * @typedef {object} Figures
 * @property {number[]} d1 calls, of each request
 * @property {number[]} rowsRead
 * @property {number[]} rowsWritten
 * @property {number[]} ms wall time
 * @property {number | undefined} cpu milliseconds of workerd, per request
 * @property {number} upstream calls, per request
 * @property {any[]} answers what each request was told
 * @property {Call[]} calls that reached the simulator, of all requests
 */

/** Some work is left when an answer is out: its log line, and what SQLite writes behind. */
const SETTLE_MS = 30;

/**
 * @param {import("./world.mjs").World} world
 * @param {Parameters<import("./world.mjs").World["call"]>[0]} request
 * @param {number} times
 * @returns {Promise<Figures>}
 */
export async function measure(world, request, times) {
  const { simulator, host } = world;
  await simulator.ask("clearCalls");
  await sleep(SETTLE_MS);
  const before = cpuMs(host.pid);
  const ms = [];
  const answers = [];
  for (let i = 0; i < times; i += 1) {
    const began = performance.now();
    answers.push(await world.call(request));
    ms.push(performance.now() - began);
  }
  await sleep(SETTLE_MS);
  const after = cpuMs(host.pid);
  const calls = await simulator.ask("calls");
  const told = (/** @type {string} */ header) => answers.map(({ headers }) => Number(headers[header]));
  return {
    d1: told("x-d1-round-trips"),
    rowsRead: told("x-d1-rows-read"),
    rowsWritten: told("x-d1-rows-written"),
    ms,
    cpu: before === undefined || after === undefined ? undefined : (after - before) / times,
    upstream: calls.length / times,
    answers: answers.map(({ json }) => json),
    calls,
  };
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5);

/** The smallest value that so many of them do not exceed. @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
