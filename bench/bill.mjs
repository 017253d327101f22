// What the measured work costs for a million users.

import { Failure } from "../dev/tooling/say.mjs";
import { BATCH } from "./counts.mjs";
import { billed, listPrice, scaled, total } from "./prices.mjs";

/** @typedef {import("./prices.mjs").Usage} Usage */
/** @typedef {Record<import("./prices.mjs").Kind, number>} Dollars */

/** @typedef {{cpu: number, times: number}} Cpu */

/**
 * @typedef {object} Item
 * @property {string} name
 * @property {Usage} usage
 * @property {Dollars} list what it adds to a bill
 * @property {number} sum of `list`
 * @property {number} alone billed where the account does nothing else in that month
 */

const USERS = 1e6;
/** Credentials calls of a user a month: a login a month, one every third day, one a day. */
const CALLS = [1, 10, 30];

/**
 * @param {{name: string, counts: {rowsRead: number[], rowsWritten: number[]}}[]} counted
 * @param {{duels: import("./contest.mjs").Duel[], backfills: {id: string, ours: Cpu, twin: Cpu}[]}} measured
 * @returns {Item[]}
 */
export function billOf(counted, { duels, backfills }) {
  const runs = backfills.find(({ id }) => id === "backfill-50");
  const run = usageOf(counted, `backfill of ${BATCH}, upstream +0 ms`, runs?.ours);
  const twins = usageOf(counted, `the twin's backfill of ${BATCH}`, runs?.twin);
  const busy = duels.find(({ id, rival, concurrency }) => id === "by-jwt" && rival === "twin" && concurrency > 1);
  const call = usageOf(counted, "credentials, by JWT", busy?.ours);
  return [
    item("backfill of a million users", scaled(run, USERS / BATCH)),
    item("… by the twin", scaled(twins, USERS / BATCH)),
    ...CALLS.map((calls) => item(`a month of credentials by JWT, ${calls} a user`, scaled(call, calls * USERS))),
  ];
}

/**
 * One request: its rows by the counts, its CPU as it was measured.
 * @param {Parameters<typeof billOf>[0]} counted @param {string} name @param {Cpu | undefined} figures
 * @returns {Usage}
 */
function usageOf(counted, name, figures) {
  const counts = counted.find((each) => each.name === name)?.counts;
  if (!counts || !figures) throw new Failure(`Nothing was measured of ${name}`);
  return {
    requests: 1,
    cpuMs: figures.cpu / figures.times,
    rowsRead: Math.max(...counts.rowsRead),
    rowsWritten: Math.max(...counts.rowsWritten),
  };
}

/** @param {string} name @param {Usage} usage @returns {Item} */
function item(name, usage) {
  const list = listPrice(usage);
  return { name, usage, list, sum: total(list), alone: total(billed(usage)) };
}
