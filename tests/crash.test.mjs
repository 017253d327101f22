/**
 * Whatever step the process dies at, running it again ends in exactly one remote account whose password is the stored one and
 * that holds every role it had. The process dies here by losing its database, or 3dEye, after so many calls.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

/** @import { User } from "./support/service.mjs" */

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "400" } });

/** Longer than any lease. */
const LEASE_MS = 61_000;
/** More calls than a run of these users makes, so that the last deaths come after its end. */
const STEPS = 9;

/** A new user, and one whose account was there before and holds two roles. */
async function people() {
  const [fresh, replaced] = await service.addUsers([{}, {}]);
  service.sim.seed([{ email: replaced.email, customerId: service.customer, roles: ["r1", "r2"] }]);
  return { fresh, replaced };
}

/** Runs as cron would, later and later, until nothing waits. */
async function runToTheEnd() {
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    await service.instruments({ aheadMs: attempt * 3 * LEASE_MS, sparedRoundTrips: null });
    const answer = await service.backfill();
    assert.equal(answer.status, 200, answer.text);
    if (answer.json.remaining === 0) break;
  }
  await service.instruments({ aheadMs: 0 });
}

/** @param {Record<"fresh" | "replaced", User>} given */
async function assertWhole({ fresh, replaced }) {
  assert.deepEqual(await service.sql("SELECT state FROM threedeye_users"), [{ state: "complete" }, { state: "complete" }]);
  await service.assertProvisioned(fresh);
  await service.assertProvisioned(replaced, { roles: ["r1", "r2"] });
  assert.equal(service.sim.users().length, 2);
  assert.deepEqual(await service.sql("SELECT * FROM threedeye_recovery"), []);
  const [{ held }] = await service.sql("SELECT count(*) AS held FROM threedeye_users WHERE lease_token IS NOT NULL");
  assert.equal(held, 0);
}

describe("a backfill that dies", () => {
  for (let spared = 0; spared < STEPS; spared += 1) {
    test(`after ${spared} D1 calls`, async () => {
      const both = await people();
      await service.instruments({ sparedRoundTrips: spared });
      const { status } = await service.backfill();
      assert.ok([200, 500].includes(status), String(status));
      if (spared === 0) assert.equal(status, 500);
      await runToTheEnd();
      await assertWhole(both);
    });
  }

  for (const after of [false, true]) {
    for (let spared = 0; spared < STEPS; spared += 1) {
      test(`after ${spared} calls to 3dEye, the next one ${after ? "with" : "without"} effect`, async () => {
        const both = await people();
        // A refusal is not repeated, so it stands for the end at once.
        service.sim.fault({ skip: spared, times: "always", action: { status: 418, after } });
        await service.backfill();
        service.sim.clearFaults();
        await runToTheEnd();
        await assertWhole(both);
      });
    }
  }
});

describe("a reset with everything that dies", () => {
  const everything = { deleteRemote: true, preserveRoles: true, reprovision: true };

  /** Makes the user stand where a reset is asked for. */
  async function provisionedWithRoles() {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1", "r2"] }]);
    assert.equal((await service.credentials(user)).status, 200);
    return user;
  }

  for (let spared = 0; spared < STEPS; spared += 1) {
    test(`after ${spared} D1 calls`, async () => {
      const user = await provisionedWithRoles();
      await service.instruments({ sparedRoundTrips: spared });
      assert.ok([200, 500].includes((await service.reset(user, everything)).status));
      await service.instruments({ sparedRoundTrips: null, aheadMs: LEASE_MS });
      const again = await service.reset(user, everything);
      assert.equal(again.status, 200, again.text);
      await service.instruments({ aheadMs: 0 });
      await service.assertProvisioned(user, { roles: ["r1", "r2"] });
    });

    test(`after ${spared} calls to 3dEye, the next one with effect`, async () => {
      const user = await provisionedWithRoles();
      service.sim.fault({ skip: spared, times: "always", action: { status: 418, after: true } });
      assert.ok([200, 502].includes((await service.reset(user, everything)).status));
      service.sim.clearFaults();
      const again = await service.reset(user, everything);
      assert.equal(again.status, 200, again.text);
      await service.assertProvisioned(user, { roles: ["r1", "r2"] });
    });
  }
});
