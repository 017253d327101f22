// What a test run adds up to.

import { say } from "./say.mjs";

/**
 * @typedef {object} Results
 * @property {number} passed
 * @property {string[]} failed names
 * @property {string[]} skipped names
 */

/** @returns {Results} */
export const noResults = () => ({ passed: 0, failed: [], skipped: [] });

/** @param {Results} results */
export const countOf = (results) => results.passed + results.failed.length + results.skipped.length;

/**
 * Lists what went wrong and what was left out, then closes with the line that CI reads.
 * @param {{title: string, results: Results}[]} stages
 * @returns {boolean} all is well
 */
export function report(stages) {
  for (const kind of /** @type {const} */ (["skipped", "failed"])) {
    const names = stages.flatMap(({ title, results }) => results[kind].map((name) => `${title}: ${name}`));
    if (names.length > 0) say(`\n${kind === "failed" ? "Failed" : "Skipped"}:\n${names.map((name) => `  ${name}`).join("\n")}`);
  }
  const sum = (/** @type {(results: Results) => number} */ of) => stages.reduce((total, stage) => total + of(stage.results), 0);
  const failed = sum((results) => results.failed.length);
  say(`\n${sum((results) => results.passed)} passed, ${failed} failed, ${sum((results) => results.skipped.length)} skipped`);
  return failed === 0;
}
