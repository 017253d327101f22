// What work costs at Cloudflare, by its list prices.

/**
 * Workers Paid, in US dollars, as of 28 November 2026:
 * https://developers.cloudflare.com/workers/platform/pricing/ and https://developers.cloudflare.com/d1/platform/pricing/.
 * What each account may use each month without paying more than the plan's 5 dollars is `included`.
 */
export const PRICES = {
  requests: { perMillion: 0.3, included: 10e6 },
  cpuMs: { perMillion: 0.02, included: 30e6 },
  rowsRead: { perMillion: 0.001, included: 25e9 },
  rowsWritten: { perMillion: 1, included: 50e6 },
};
export const PRICES_OF =
  "Cloudflare's list prices of 28 November 2026 (developers.cloudflare.com: workers, d1: platform/pricing)";

/** @typedef {keyof typeof PRICES} Kind */
/** @typedef {Record<Kind, number>} Usage of a month */

export const KINDS = /** @type {Kind[]} */ (Object.keys(PRICES));

/** What it adds to the bill of an account that has used up what is included. @param {Usage} usage @returns {Record<Kind, number>} dollars */
export const listPrice = (usage) => priced(usage, () => 0);

/** What is billed if an account does nothing else in that month. @param {Usage} usage @returns {Record<Kind, number>} dollars, without the plan's own price */
export const billed = (usage) => priced(usage, (kind) => PRICES[kind].included);

/** The same work so many times. @param {Usage} usage @param {number} times @returns {Usage} */
export const scaled = (usage, times) => each((kind) => usage[kind] * times);

/** @param {Record<Kind, number>} dollars */
export const total = (dollars) => KINDS.reduce((sum, kind) => sum + dollars[kind], 0);

/** @param {Usage} usage @param {(kind: Kind) => number} free */
const priced = (usage, free) => each((kind) => (Math.max(0, usage[kind] - free(kind)) / 1e6) * PRICES[kind].perMillion);

/** @param {(kind: Kind) => number} value @returns {Record<Kind, number>} */
const each = (value) => /** @type {any} */ (Object.fromEntries(KINDS.map((kind) => [kind, value(kind)])));
