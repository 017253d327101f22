/**
 * POST /admin/backfill-threedeye and the cron trigger in the runtime: both make the accounts that are missing, also at the same
 * time. Whom a run takes up, and what it makes of each, is shown natively.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true, vars: { BACKFILL_CRON_LIMIT: "3" } });

async function run(query = "") {
  const answer = await service.backfill(query);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
/** @param {number} count */
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));

describe("a run", () => {
  test("makes an account for every user with an e-mail that has none", async () => {
    const users = await many(7);
    const { runId, ...rest } = await run();
    assert.deepEqual(rest, {
      success: true,
      total: 7,
      created: 7,
      failed: 0,
      errors: [],
      skipped: 0,
      quarantined: 0,
      remaining: 0,
      removed: 0,
      dryRun: false,
      planned: [],
    });
    assert.match(runId, /^run_[0-9A-HJKMNP-TV-Z]{26}$/);
    for (const user of users) await service.assertProvisioned(user);
    assert.equal(service.sim.users().length, 7);
  });

  test("leaves an audit row for every user: who, what, outcome, request", async () => {
    const [user] = await many(1);
    const answer = await service.backfill();
    const [row] = await service.audit();
    assert.deepEqual(row, {
      actor: row.actor,
      action: "threedeye.provision",
      subject: user.id,
      outcome: "created",
      request_id: answer.headers["x-request-id"],
    });
    assert.match(row.actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com \(auth0\|ada\)$/);
    await service.addUser();
    await service.scheduled();
    assert.equal((await service.audit())[1].actor, "cron");
  });
});

describe("two runs at once", () => {
  test("never provision the same user twice", async () => {
    const users = await many(30);
    service.sim.configure({ latencyMs: 30 });
    const runs = await Promise.all([run(), run(), service.scheduled().then(() => undefined)]);
    const created = runs.filter(Boolean).reduce((sum, result) => sum + result.created, 0);
    const [{ n: byCron }] = await service.sql("SELECT sum(created) AS n FROM provisioning_runs WHERE trigger_kind = 'cron'");
    assert.equal(created + byCron, 30);
    assert.equal(service.upstream().creates.length, 30);
    assert.deepEqual(service.upstream().deletes, []);
    for (const user of users.slice(0, 10)) await service.assertProvisioned(user);
    assert.equal(service.sim.users().length, 30);
  });
});

describe("the cron trigger", () => {
  test("the cron trigger does the same with BACKFILL_CRON_LIMIT, and leaves its row", async () => {
    await many(5);
    await service.scheduled();
    const [row] = await service.runs();
    assert.deepEqual(
      [row.trigger, row.status, row.limit, row.total, row.created, row.remaining],
      ["cron", "completed", 3, 3, 3, 2],
    );
    const {
      event,
      level,
      "run.id": id,
      "run.created": created,
    } = (await service.log()).findLast((line) => line.event === "backfill.run");
    assert.deepEqual([event, level, id, created], ["backfill.run", "info", row.runId, 3]);
  });

  test("a scheduled run that fails leaves its row too, and an error in the log", async () => {
    await many(2);
    service.sim.fault({ match: { method: "GET", path: "/users" }, times: "always", action: { status: 403 } });
    await service.scheduled();
    const [row] = await service.runs();
    assert.deepEqual([row.trigger, row.status, row.created], ["cron", "ended_early", 0]);
    assert.equal((await service.log()).findLast((line) => line.event === "backfill.run").level, "error");
  });
});
