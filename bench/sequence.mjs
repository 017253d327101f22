// Repeats a comparison until it is sure enough.

import { intervalOf, logRatio } from "./interval.mjs";
import { sum } from "./statistics.mjs";

/** Before that, blocks may agree by chance, and to stop then would promise too much. */
export const LEAST_BLOCKS = 8;
/** So many blocks in a row must find the interval narrow: the first time is often luck, and the interval too narrow. */
export const NARROW_IN_A_ROW = 3;

/**
 * @typedef {object} Goal
 * @property {number} width that the interval may have, as a share of the ratio: 0.03 for ±3 %
 * @property {number} mostBlocks
 * @property {number} mostMs that the blocks may take; the one that is running is finished
 *
 * @typedef {import("./interval.mjs").Interval & {label: string, ours: number, other: number}} Verdict
 *   milliseconds of CPU a request, on average, beside what the blocks say
 *
 * @typedef {Map<string, number>} Costs milliseconds of CPU, by label
 */

/**
 * Blocks of four: ours, the other, the other, ours. So a machine that grows slower or faster at a steady rate favours neither.
 * @param {{ours: () => Promise<Costs>, other: () => Promise<Costs>}} sides each call measures a fresh process
 * @param {Goal} goal
 * @param {{now?: () => number, tell?: (verdicts: Verdict[]) => void}} [more] `tell` hears how it stands after each block
 * @returns {Promise<Verdict[]>} one a label
 */
export async function untilSure({ ours, other }, { width, mostBlocks, mostMs }, { now = () => performance.now(), tell } = {}) {
  const began = now();
  let narrow = 0;
  const measured = { ours: /** @type {Costs[]} */ ([]), other: /** @type {Costs[]} */ ([]) };
  for (;;) {
    measured.ours.push(await ours());
    measured.other.push(await other());
    measured.other.push(await other());
    measured.ours.push(await ours());
    const verdicts = judge(measured);
    tell?.(verdicts);
    const blocks = measured.ours.length / 2;
    narrow = verdicts.every((verdict) => isWithin(verdict, width)) ? narrow + 1 : 0;
    if (narrow >= NARROW_IN_A_ROW || blocks >= mostBlocks || now() - began >= mostMs) return verdicts;
  }
}

/** Whether the interval is as narrow as wanted, from enough blocks to say so. @param {import("./interval.mjs").Interval} interval @param {number} width */
export const isWithin = (interval, width) => interval.blocks >= LEAST_BLOCKS && interval.width <= width;

/** @param {{ours: Costs[], other: Costs[]}} measured two of each a block @returns {Verdict[]} */
function judge({ ours, other }) {
  return [...(ours[0]?.keys() ?? [])].map((label) => {
    const costs = (/** @type {Costs[]} */ all) => all.map((each) => each.get(label) ?? NaN);
    const [mine, others] = [costs(ours), costs(other)];
    const blocks = Array.from({ length: mine.length / 2 }, (_, block) =>
      logRatio(mine.slice(2 * block, 2 * block + 2), others.slice(2 * block, 2 * block + 2)),
    );
    return { label, ...intervalOf(blocks), ours: average(mine), other: average(others) };
  });
}

/** @param {number[]} values */
const average = (values) => sum(values) / values.length;
