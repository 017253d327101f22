/** A scheduled run that is killed with its process: what /health tells the monitor, and that the next run makes it good. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "1000" } });

const MINUTE_MS = 60_000;

/** @param {200 | 503} status @param {string} scheduledRun */
async function assertHealth(status, scheduledRun) {
  const answer = await service.call("GET", "/health");
  const checks = {
    configuration: { status: "ok", problems: [] },
    database: "ok",
    migrations: "ok",
    scheduledRun,
    missingRateLimits: ["ADMIN_RATE_LIMITER", "AUTH_RATE_LIMITER", "PERSON_RATE_LIMITER"],
  };
  assert.deepEqual([answer.status, answer.json.status], [status, status === 200 ? "ok" : "degraded"]);
  assert.deepEqual(answer.json.checks, checks);
}

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
  await service.scheduled();
  const [{ trigger, status, total, created, remaining, errors }] = await service.runs("?limit=1");
  assert.deepEqual([trigger, status, total, created, remaining, errors], ["cron", "completed", 1, 1, 0, []]);
  await assertHealth(200, "ok");
  await service.assertProvisioned(user);
  assert.equal(service.upstream().creates.length, 1, "the account that the dead run had made is adopted");
  await service.instruments({ aheadMs: 0 });
});
