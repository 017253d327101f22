// How sure a ratio is: the logarithms of the ratios of independent blocks, and Student's interval around their mean.
// A ratio has no side that is favoured, and what disturbs a block as a whole (a busy neighbour, a warm processor)
// cancels out.

import { sum } from "./statistics.mjs";

/**
 * @typedef {object} Interval
 * @property {number} ratio
 * @property {number} low of 95 %
 * @property {number} high
 * @property {number} width how far either end is from the ratio, as a share of it; Infinity for a single block
 * @property {number} blocks
 */

/**
 * What one block says: each side was measured as often as the other.
 * @param {number[]} ours @param {number[]} others @returns {number} the logarithm of the ratio
 */
export const logRatio = (ours, others) => mean(ours.map(Math.log)) - mean(others.map(Math.log));

/** @param {number[]} logRatios one a block @returns {Interval} */
export function intervalOf(logRatios) {
  const blocks = logRatios.length;
  const center = mean(logRatios);
  const variance = sum(logRatios.map((each) => (each - center) ** 2)) / (blocks - 1);
  const reach = blocks < 2 ? Infinity : studentT(blocks - 1) * Math.sqrt(variance / blocks);
  return {
    ratio: Math.exp(center),
    low: Math.exp(center - reach),
    high: Math.exp(center + reach),
    width: Math.expm1(reach),
    blocks,
  };
}

/** Two-sided 95 % of Student's t. @param {number} freedom degrees of it */
export function studentT(freedom) {
  const few = [12.7062, 4.3027, 3.1824, 2.7764][freedom - 1];
  if (few !== undefined) return few;
  // The expansion around the normal distribution (Abramowitz and Stegun, 26.7.5), right to a thousandth from five degrees on.
  const x = 1.959964;
  const terms = [
    x,
    (x ** 3 + x) / 4,
    (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96,
    (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384,
    (79 * x ** 9 + 776 * x ** 7 + 1482 * x ** 5 - 1920 * x ** 3 - 945 * x) / 92160,
  ];
  return sum(terms.map((term, power) => term / freedom ** power));
}

/** @param {number[]} values */
const mean = (values) => sum(values) / values.length;
