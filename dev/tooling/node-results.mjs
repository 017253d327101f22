// Adds up what node-reporter.mjs wrote.

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { ROOT } from "./paths.mjs";
import { noResults } from "./results.mjs";

/**
 * Suites are no tests, and a test is not failed a second time by one inside it.
 * A file that breaks before its first test is one failure.
 * @param {string} file written by the reporter
 * @param {number | null} exitCode
 */
export function nodeResults(file, exitCode) {
  const results = noResults();
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  for (const line of lines) {
    const event = JSON.parse(line);
    const name = `${event.file ? `${relative(ROOT, event.file)}: ` : ""}${event.name}`;
    if (event.type === "test:fail") {
      if (event.failureType !== "subtestsFailed") results.failed.push(name);
    } else if (event.skipped) {
      results.skipped.push(name);
    } else if (!event.suite) {
      results.passed += 1;
    }
  }
  if (exitCode !== 0 && results.failed.length === 0) results.failed.push("node --test did not run to its end");
  return results;
}
