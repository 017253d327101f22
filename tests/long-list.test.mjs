/** A customer with many users: what reading its list costs in calls and in memory of the isolate. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const PAGE_SIZE = 500;
const USERS = Number(process.env.LIST_USERS ?? 100_000);
const PAGES = USERS / PAGE_SIZE;
const MEBI = 2 ** 20;

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_PAGE_SIZE: String(PAGE_SIZE) } });

/** Fills the list with others, between an account of ours on its first page and one on its last, each with a role. */
async function longList() {
  const [first, last, ...fresh] = await service.addUsers(Array.from({ length: 5 }, () => ({})));
  service.sim.seed([{ email: first.email, roles: ["front-door"] }]);
  service.sim.seed({ generate: { count: USERS - 2, customerId: service.customer, prefix: "stranger-" } });
  service.sim.seed([{ email: last.email, roles: ["front-door"] }]);
  service.sim.clearCalls();
  return { first, last, fresh };
}

/** The pages that were read, in order; a repetition shows. The first call may have learnt that its token has ended. */
const pagesRead = () =>
  service
    .upstream()
    .lists.filter(({ status }) => status === 200)
    .map(({ query }) => Number(query.page))
    .sort((a, b) => a - b);
/** @param {number} last */
const countedTo = (last) => Array.from({ length: last }, (_, index) => index + 1);

/** @param {Promise<import("./support/http.mjs").Answer>} sent */
async function timed(sent) {
  const began = performance.now();
  return { answer: await sent, seconds: (performance.now() - began) / 1000 };
}

describe(`a list of ${USERS} users`, () => {
  test("is read once by a run, each page once, in little memory", async (t) => {
    const { first, last, fresh } = await longList();
    const before = memoryOf(service.pid);
    const { answer, seconds } = await timed(service.backfill());
    assert.deepEqual([answer.status, answer.json.created, answer.json.remaining], [200, 5, 0], answer.text);
    assert.deepEqual(pagesRead(), countedTo(PAGES));
    const { memoryBytes } = await service.instruments({});
    const after = memoryOf(service.pid);
    const grown = after && before && after.peak - before.now;
    t.diagnostic(`${seconds.toFixed(1)} s; Wasm memory ${mebi(memoryBytes)}, all of workerd grew by ${mebi(grown)} at most`);
    assert.ok(memoryBytes < 16 * MEBI, `${mebi(memoryBytes)} of Wasm memory, of the 128 MiB that an isolate has`);
    for (const user of [first, last]) await service.assertProvisioned(user, { roles: ["front-door"] });
    for (const user of fresh) await service.assertProvisioned(user);

    service.sim.clearCalls();
    const { status, json } = await service.diagnose(last);
    const { customerUserCount, emailPresentInCustomer, match, error } = json.remote;
    // Those two accounts were made anew, after the three new ones.
    assert.deepEqual(
      [status, customerUserCount, emailPresentInCustomer, match.roleCount, error],
      [200, USERS + 3, true, 1, null],
    );
    assert.deepEqual(pagesRead(), countedTo(PAGES + 1));
  });
});

/** What a process holds, and held at most since it was last looked at; undefined where there is no /proc. @param {number | undefined} pid */
function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const bytes = (/** @type {string} */ name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
    writeFileSync(`/proc/${pid}/clear_refs`, "5"); // sets the peak back
    return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
  } catch {
    return undefined;
  }
}

/** @param {number | undefined} bytes */
const mebi = (bytes) => (bytes === undefined ? "(unknown)" : `${(bytes / MEBI).toFixed(1)} MiB`);
