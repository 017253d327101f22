// Reads what `cargo test` prints: every test's line, and every binary's total.

import { noResults } from "./results.mjs";

/** @typedef {import("./results.mjs").Results} Results */

/**
 * @param {string} output
 * @param {number | null} exitCode
 * @returns {Results}
 */
export function cargoResults(output, exitCode) {
  const results = noResults();
  let totals = { failed: 0, ignored: 0 };
  for (const line of output.split("\n")) {
    const test = line.match(/^test (.+) \.\.\. (FAILED|ignored)/);
    if (test?.[2] === "FAILED") results.failed.push(String(test[1]));
    if (test?.[2] === "ignored") results.skipped.push(String(test[1]));
    const total = line.match(/^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored;/);
    if (!total) continue;
    results.passed += Number(total[1]);
    totals = { failed: totals.failed + Number(total[2]), ignored: totals.ignored + Number(total[3]) };
  }
  // A test's own output may tear its line apart; the totals are what counts.
  while (results.failed.length < totals.failed) results.failed.push("(a test whose name could not be read)");
  while (results.skipped.length < totals.ignored) results.skipped.push("(a test whose name could not be read)");
  if (exitCode !== 0 && results.failed.length === 0) results.failed.push("cargo test did not run to its end");
  return results;
}
