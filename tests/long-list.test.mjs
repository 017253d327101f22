/** A customer with many users: what reading its list costs, and what is said when it cannot be read to its end. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile, until } from "./support/service.mjs";

const PAGE_SIZE = 500;
const USERS = Number(process.env.LIST_USERS ?? 100_000);
const PAGES = USERS / PAGE_SIZE;
/** Enough where it is slow, or broken. */
const FEWER = 20_000;
const PAGES_OF_FEWER = FEWER / PAGE_SIZE;
const SINGLE_BUDGET_S = 30;
const MEBI = 2 ** 20;

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_PAGE_SIZE: String(PAGE_SIZE) } });

const LIST = { method: "GET", path: "/users" };
const INCOMPLETE = "the customer's user list could not be read whole in time";
const EVERYTHING = { deleteRemote: true, preserveRoles: true, reprovision: true };

/**
 * Fills the list with others, after an account of ours on its first page, with a role.
 * @param {number} length of the list
 * @param {number} count of more users of ours, without an account
 * @param {{to?: number}} [settled] users who have their account already, on the last page
 */
async function longList(length, count, { to: settled = 0 } = {}) {
  const [first, last, ...rest] = await service.addUsers(Array.from({ length: count + 2 }, () => ({})));
  service.sim.seed([{ email: first.email, roles: ["front-door"] }]);
  service.sim.seed({ generate: { count: length - 2, customerId: service.customer, prefix: "stranger-" } });
  service.sim.seed([{ email: last.email, roles: ["front-door"] }]);
  const provisioned = rest.slice(0, settled);
  for (const user of provisioned) assert.equal((await service.credentials(user)).status, 200);
  service.sim.clearCalls();
  return { first, last, provisioned, fresh: rest.slice(settled) };
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
  for (const includeTotal of [true, false]) {
    test(`is read once by a run, each page once${includeTotal ? "" : ", also where the total is not told"}`, async (t) => {
      const { first, last, fresh } = await longList(USERS, 3);
      service.sim.configure({ includeTotal });
      const before = memoryOf(service.pid);
      const { answer, seconds } = await timed(service.backfill());
      assert.deepEqual([answer.status, answer.json.created, answer.json.remaining], [200, 5, 0], answer.text);
      // Without a total, an empty page tells that the one before was the last.
      assert.deepEqual(pagesRead(), countedTo(includeTotal ? PAGES : PAGES + 1));
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
  }

  test("need not be read further than to the account that is asked for", async () => {
    const { first } = await longList(USERS, 0);
    await service.assertProvisioned(first, { roles: ["front-door"] });
    assert.deepEqual(pagesRead(), [1]);
  });
});

describe("a list that cannot be read to its end", () => {
  test("because it is slow: each operation ends in its time, says so, does what can be done, and concludes nothing", async (t) => {
    const {
      first,
      last,
      provisioned: [seen, removed],
      fresh: [fresh],
    } = await longList(FEWER, 3, { to: 2 });
    const login = (await service.credentials(removed)).json;
    service.sim.fault({ match: LIST, times: "always", action: { delayMs: 5000 } });
    service.sim.fault({ match: { method: "DELETE", path: "/users" }, times: "always", action: { delayMs: 8000 } });
    const all = await Promise.all(
      [
        service.diagnose(seen),
        service.diagnose(first),
        service.credentials(seen),
        service.credentials(fresh),
        service.credentials(last),
        service.reset(removed, EVERYTHING),
        service.reset(first, EVERYTHING),
      ].map(timed),
    );
    t.diagnostic(`seconds: ${all.map(({ seconds }) => seconds.toFixed(1)).join(", ")}`);
    for (const { seconds } of all) assert.ok(seconds < SINGLE_BUDGET_S, `${seconds} s`);
    const [farProbe, nearProbe, stored, made, taken, kept, cleared] = all.map(({ answer }) => answer);

    const { mapping, remote } = farProbe.json;
    assert.deepEqual(
      [
        farProbe.status,
        mapping.remoteAccountExists,
        remote.customerUserCount,
        remote.emailPresentInCustomer,
        remote.match,
        remote.error,
      ],
      [200, null, null, null, null, INCOMPLETE],
    );
    assert.deepEqual(
      [
        nearProbe.status,
        nearProbe.json.remote.emailPresentInCustomer,
        nearProbe.json.remote.match.roleCount,
        nearProbe.json.remote.error,
      ],
      [200, true, 1, INCOMPLETE],
    );
    assert.equal(stored.status, 200, "what is stored needs no list");
    assert.equal(made.status, 200, "an account that is new needs no more than a free e-mail");
    assertError(taken, 502, INCOMPLETE);
    assertError(kept, 502, INCOMPLETE);
    assert.deepEqual([cleared.status, cleared.json.remote.removedRoleIds], [200, ["front-door"]], cleared.text);
    assert.equal(cleared.json.reprovision.error, null, "both have their share of the time");

    assert.deepEqual((await service.credentials(removed)).json, login, "nothing was cleared");
    assert.equal((await service.diagnose(last)).json.mapping.state, "pending", "and nobody is quarantined");
    service.sim.clearFaults();
    const { json } = await service.backfill();
    assert.deepEqual([json.created, json.failed, json.remaining], [1, 0, 0], JSON.stringify(json));
    for (const user of [first, last]) await service.assertProvisioned(user, { roles: ["front-door"] });
    for (const user of [seen, removed, fresh]) await service.assertProvisioned(user);
  });

  test("because it is slow, by a run: the accounts that are new are made, and nobody counts as an orphan", async () => {
    const { first, last, fresh } = await longList(FEWER, 2);
    service.sim.fault({ match: LIST, skip: 10, times: "always", action: { delayMs: 1000 } });
    const running = service.backfill();
    await until(() => pagesRead().length > 5, "the first pages");
    // Longer than a lease, and than a run may read.
    await service.instruments({ aheadMs: 7 * 60_000 });
    const answer = await running;
    assert.equal(answer.status, 200, answer.text);
    const { success, total, created, failed, quarantined, errors } = answer.json;
    assert.deepEqual(
      { success, total, created, failed, quarantined, errors },
      {
        success: true,
        total: 4,
        created: 3,
        failed: 1,
        quarantined: 0,
        errors: [`${last.id}: ${INCOMPLETE}`],
      },
    );
    await service.assertProvisioned(first, { roles: ["front-door"] });
    for (const user of fresh) await service.assertProvisioned(user);
    service.sim.clearFaults();
    assert.equal((await service.backfill()).json.created, 1);
    await service.assertProvisioned(last, { roles: ["front-door"] });
    await service.instruments({ aheadMs: 0 });
  });

  test("because one page fails for good: 502, and nothing is concluded from the others", async () => {
    const {
      first,
      last,
      provisioned: [settled],
      fresh,
    } = await longList(FEWER, 2, { to: 1 });
    const login = (await service.credentials(settled)).json;
    service.sim.fault({
      match: { ...LIST, query: { page: String(PAGES_OF_FEWER / 2) } },
      times: "always",
      action: { status: 500 },
    });
    const [probe, asked, near, reset] = await Promise.all([
      service.diagnose(last),
      service.credentials(last),
      service.credentials(first),
      service.reset(settled, EVERYTHING),
    ]);
    const { customerUserCount, emailPresentInCustomer, match, error } = probe.json.remote;
    assert.deepEqual(
      [probe.status, customerUserCount, emailPresentInCustomer, match, error],
      [200, null, null, null, "3dEye is unavailable"],
    );
    assertError(asked, 502, "3dEye is unavailable");
    assertError(reset, 502, "3dEye is unavailable");
    assert.equal(near.status, 200, near.text);
    assertError(await service.backfill(), 502, "3dEye is unavailable");
    assert.deepEqual((await service.credentials(settled)).json, login);
    assert.equal(service.accountsOf(last.email)[0].roles.length, 1, "left alone");
    service.sim.clearFaults();
    assert.equal((await service.backfill()).json.remaining, 0);
    for (const user of [first, last]) await service.assertProvisioned(user, { roles: ["front-door"] });
    for (const user of [settled, ...fresh]) await service.assertProvisioned(user);
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
