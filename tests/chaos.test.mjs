/**
 * A day on which 3dEye goes down and comes back, seen from outside alone: what callers are answered, what /health tells the
 * monitor, and that the next scheduled run makes good what was missed.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile, until } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "1000" } });

const MINUTE_MS = 60_000;
const UNAVAILABLE = "3dEye is unavailable";
const OUTSIDE = "the e-mail belongs to an account outside our customer";
const EVERYTHING = { deleteRemote: true, preserveRoles: true, reprovision: true };

/** @param {200 | 503} status @param {string} scheduledRun */
async function assertHealth(status, scheduledRun) {
  const answer = await service.call("GET", "/health");
  const checks = { configuration: { status: "ok", problems: [] }, database: "ok", migrations: "ok", scheduledRun };
  assert.deepEqual([answer.status, answer.json], [status, { status: status === 200 ? "ok" : "degraded", checks }]);
}

/** A scheduled run, as the ledger shows it. */
async function cron() {
  await service.scheduled();
  const [{ trigger, status, total, created, failed, quarantined, remaining, errors }] = await service.runs("?limit=1");
  return { trigger, status, total, created, failed, quarantined, remaining, errors };
}

/** @param {any} figures */
const ran = (figures) => ({
  trigger: "cron",
  status: "completed",
  failed: 0,
  quarantined: 0,
  remaining: 0,
  errors: [],
  ...figures,
});
/** @param {number} total */
const OUT = (total) => ({
  trigger: "cron",
  status: "ended_early",
  total,
  created: 0,
  failed: 0,
  quarantined: 0,
  remaining: total,
  errors: [`run ended early: the user list could not be read: ${UNAVAILABLE}`],
});

/** Lets the other customer delete its account. @param {string} email @param {string} theirs */
async function deleteElsewhere(email, theirs) {
  const [{ id }] = service.accountsOf(email);
  const headers = { "x-api-key": service.sim.config().apiKey, "content-type": "application/json" };
  const login = await fetch(`${service.vendor}/auth/token`, { method: "POST", headers, body: JSON.stringify(service.login) });
  const { accessToken } = /** @type {any} */ (await login.json());
  service.sim.configure({ ownCustomerId: theirs });
  const { status } = await fetch(`${service.vendor}/users/${id}`, {
    method: "DELETE",
    headers: { ...headers, authorization: `Bearer ${accessToken}` },
  });
  service.sim.configure({ ownCustomerId: service.customer });
  assert.equal(status, 204);
}

describe("an upstream that goes down and comes back", () => {
  test("200, then 502 and a quarantine, then 200 again: /health turns red and green, and nobody is forgotten", async () => {
    const [settled, holder] = await service.addUsers([{}, {}]);
    service.sim.seed([{ email: holder.email, roles: ["front-door", "garage"] }]);
    await assertHealth(200, "none_yet");
    assert.deepEqual(await cron(), ran({ total: 2, created: 2 }));
    await assertHealth(200, "ok");
    const login = await service.assertProvisioned(settled);

    // Down.
    service.sim.fault({ times: "always", action: { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" } });
    const [waiting, taken, ...others] = await service.addUsers([{}, {}, {}, {}, {}]);
    service.sim.seed([{ email: others[0].email, roles: ["lobby"] }]);
    assert.deepEqual(await cron(), OUT(5));
    await assertHealth(503, "failing");
    const [known, unknown, probe, reset, backfill] = await Promise.all([
      service.credentials(settled),
      service.credentials(waiting),
      service.diagnose(waiting),
      service.reset(holder, EVERYTHING),
      service.backfill(),
    ]);
    assert.deepEqual([known.status, known.json], [200, login], "whoever has an account does not notice");
    assertError(unknown, 502, UNAVAILABLE);
    assert.deepEqual([probe.status, probe.json.remote.error, probe.json.remote.emailPresentInCustomer], [200, UNAVAILABLE, null]);
    assertError(reset, 502, UNAVAILABLE);
    assertError(backfill, 502, UNAVAILABLE);
    await service.assertProvisioned(holder, { roles: ["front-door", "garage"] });
    assert.equal((await cron()).status, "ended_early");
    await assertHealth(503, "failing");

    // Half up: it can be asked, an e-mail has gone to another customer meanwhile, and creates are lost.
    service.sim.clearFaults();
    service.sim.seed([{ email: taken.email, customerId: "their-customer" }]);
    assertError(await service.credentials(taken), 409, OUTSIDE);
    assert.equal((await service.diagnose(taken)).json.mapping.state, "quarantined");
    service.sim.fault({ match: { method: "POST", path: "/users" }, times: "always", action: { status: 502, after: true } });
    service.sim.fault({ match: { method: "POST", path: "/auth/token" }, times: "always", action: { status: 502 } });
    assertError(await service.credentials(waiting), 502);
    await assertHealth(503, "failing");

    // Up again.
    service.sim.clearFaults();
    assert.deepEqual(await cron(), ran({ total: 4, created: 4 }));
    await assertHealth(200, "ok");
    for (const user of [settled, waiting, others[1], others[2]]) await service.assertProvisioned(user);
    await service.assertProvisioned(holder, { roles: ["front-door", "garage"] });
    await service.assertProvisioned(others[0], { roles: ["lobby"] });

    // The quarantine is lifted by a reset, and not before the e-mail is free.
    assertError(await service.credentials(taken), 409, OUTSIDE);
    const early = await service.reset(taken, { reprovision: true });
    assert.deepEqual([early.status, early.json.reprovision], [200, { attempted: true, threedeyeUserId: null, error: OUTSIDE }]);
    await deleteElsewhere(String(taken.email), "their-customer");
    assertError(await service.credentials(taken), 409, OUTSIDE);
    const late = await service.reset(taken, { reprovision: true });
    assert.deepEqual([late.status, late.json.clearedMapping, late.json.reprovision.error], [200, true, null]);
    await service.assertProvisioned(taken);
    assert.equal(service.sim.users().length, 7);
    assert.deepEqual(await cron(), ran({ total: 0, created: 0 }));
    await assertHealth(200, "ok");
  });

  test("a scheduled run that dies with its process turns /health red after 15 minutes, and the next one green", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: { method: "POST", path: "/users" }, action: { hang: true, after: true } });
    const dying = service.scheduled().catch(() => {});
    await until(() => service.upstream().creates.length === 1, "the create");
    await service.kill();
    await dying;
    await assertHealth(200, "running");
    await service.instruments({ aheadMs: 16 * MINUTE_MS });
    await assertHealth(503, "died");
    assert.deepEqual(await cron(), ran({ total: 1, created: 1 }));
    await assertHealth(200, "ok");
    await service.assertProvisioned(user);
    assert.equal(service.upstream().creates.length, 1, "the account that the dead run had made is adopted");
    await service.instruments({ aheadMs: 0 });
  });
});
