/** Waiting for what happens beside the test, without a guess at how long it takes on a busy machine. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @param {() => unknown} condition may be asynchronous
 * @param {string} [what] is waited for, in words
 */
export async function until(condition, what = String(condition)) {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await sleep(10);
  }
}
