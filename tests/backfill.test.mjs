/** POST /admin/backfill-threedeye and its ledger: makes the accounts that are missing, and no user blocks another. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

/** @import { User } from "./support/service.mjs" */

const service = await serviceForThisFile({ instrumented: true, vars: { BACKFILL_MAX_TAKEOVERS: "2", BACKFILL_CRON_LIMIT: "3" } });

async function run(query = "") {
  const answer = await service.backfill(query);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
/** @param {number} count */
const many = (count, person = {}) => service.addUsers(Array.from({ length: count }, () => person));
/** @param {string | User} user */
const stateOf = async (user) => (await service.diagnose(user)).json.mapping;
const provisionedCount = async () =>
  (await service.sql("SELECT count(*) AS n FROM threedeye_users WHERE state = 'complete'"))[0].n;
const NOTHING = {
  success: true,
  total: 0,
  created: 0,
  failed: 0,
  errors: [],
  skipped: 0,
  quarantined: 0,
  remaining: 0,
  dryRun: false,
  planned: [],
};

/** @param {Record<string, number>} given */
const counts = ({ total, created, failed, skipped, quarantined, remaining }) => ({
  total,
  created,
  failed,
  skipped,
  quarantined,
  remaining,
});

describe("a run", () => {
  test("makes an account for every user with an e-mail that has none", async () => {
    const users = await many(7);
    const { runId, ...rest } = await run();
    assert.deepEqual(rest, { ...NOTHING, total: 7, created: 7 });
    assert.match(runId, /^run_[0-9A-HJKMNP-TV-Z]{26}$/);
    for (const user of users) await service.assertProvisioned(user);
    assert.equal(service.sim.users().length, 7);
  });

  test("finds nothing to do the second time, and then calls nobody", async () => {
    await many(2);
    await run();
    service.sim.clearCalls();
    const { runId, ...rest } = await run();
    assert.ok(runId);
    assert.deepEqual(rest, NOTHING);
    assert.deepEqual(service.upstream().all, []);
  });

  test("takes up 50 users unless told otherwise, and tells how many remain", async () => {
    await many(53);
    assert.deepEqual(counts(await run()), { total: 50, created: 50, failed: 0, skipped: 0, quarantined: 0, remaining: 3 });
    assert.deepEqual(counts(await run("?limit=2")), {
      total: 2,
      created: 2,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      remaining: 1,
    });
    assert.deepEqual(counts(await run("?limit=500")), {
      total: 1,
      created: 1,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      remaining: 0,
    });
  });

  test("never takes up users without an e-mail", async () => {
    await service.addUsers([{ email: null, phone: "+43123" }, { email: "" }, { email: "  " }, { email: "\t\n" }]);
    const { runId, ...rest } = await run();
    assert.ok(runId);
    assert.deepEqual(rest, NOTHING);
    assert.deepEqual(await service.sql("SELECT * FROM threedeye_users"), []);
  });

  test("takes up a user once the e-mail is there, and not one whose e-mail or row is gone", async () => {
    const [late, emptied, deleted] = await service.addUsers([{ email: null }, {}, {}]);
    await service.sql("UPDATE users SET email = 'late@example.com' WHERE uuid = ?", late.id);
    await service.sql("UPDATE users SET email = NULL WHERE uuid = ?", emptied.id);
    await service.sql("DELETE FROM users WHERE uuid = ?", deleted.id);
    assert.deepEqual(counts(await run()), { total: 1, created: 1, failed: 0, skipped: 0, quarantined: 0, remaining: 0 });
    assert.deepEqual(
      service.sim.users().map(({ email }) => email),
      ["late@example.com"],
    );
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
    assert.match(row.actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com$/);
    await service.addUser();
    await service.scheduled();
    assert.equal((await service.audit())[1].actor, "cron");
  });

  test("passes over a user under another actor's lease, until it has ended", async () => {
    const [held, free] = await many(2);
    await service.sql(
      "INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at) VALUES (?, 'idle', 'lease_other', ?, 1, 1)",
      held.id,
      Date.now() + 40_000,
    );
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(free);
    assert.equal(service.accountsOf(held.email).length, 0);
    await service.sql("UPDATE threedeye_users SET lease_until = ? WHERE user_id = ?", Date.now() - 1, held.id);
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(held);
  });
});

describe("a dry run", () => {
  test("lists whom it would take up and changes nothing", async () => {
    const users = await many(3);
    await service.addUser({ email: null });
    const rows = async () =>
      Promise.all(
        ["threedeye_users", "provisioning_queue", "provisioning_runs", "audit_log"].map((table) =>
          service.sql(`SELECT * FROM ${table}`),
        ),
      );
    const before = await rows();
    const { planned, ...rest } = await run("?dryRun=true&limit=2");
    assert.deepEqual({ ...rest, planned: [] }, { ...NOTHING, total: 2, remaining: 3, runId: null, dryRun: true });
    assert.equal(planned.length, 2);
    assert.ok(planned.every((/** @type {string} */ id) => users.some((user) => user.id === id)));
    assert.deepEqual(await rows(), before);
    assert.deepEqual(service.upstream().all, []);
    assert.equal((await run("?limit=2")).total, 2);
  });
});

describe("a user who cannot be provisioned", () => {
  test("never blocks those behind", async () => {
    const [first] = await service.addUsers([{ id: "00000000-first", email: "poison@example.com" }]);
    const others = await many(3);
    service.sim.fault({
      match: { email: "poison@example.com" },
      times: "always",
      action: { status: 400, body: { message: "bad domain" } },
    });
    for (let count = 0; count < 6; count += 1) await run("?limit=1");
    for (const user of others) await service.assertProvisioned(user);
    assert.equal(service.accountsOf(first.email).length, 0);
  });

  test("is told in one line without its e-mail, and its attempts are counted while the waits grow", async () => {
    const user = await service.addUser({ email: "poison@example.com" });
    service.sim.fault({
      match: { email: "poison@example.com" },
      times: "always",
      action: { status: 400, body: { message: "poison@example.com is bad" } },
    });
    const waits = [];
    for (let attempt = 1, ahead = 0; attempt <= 5; attempt += 1) {
      const result = await run();
      assert.deepEqual(result.errors, [`${user.id}: 3dEye refused the request with status 400`]);
      assert.deepEqual(counts(result), { total: 1, created: 0, failed: 1, skipped: 0, quarantined: 0, remaining: 1 });
      assert.equal(result.success, true, "the run went to its end");
      const { attempts, nextAttemptAt } = await stateOf(user);
      assert.equal(attempts, attempt);
      waits.push(Date.parse(nextAttemptAt) - (Date.now() + ahead));
      if (attempt > 2) assert.equal((await run()).total, 0, "not before it is due");
      ahead += Math.max(0, waits.at(-1) ?? 0) + 1000;
      await service.instruments({ aheadMs: ahead });
    }
    await service.instruments({ aheadMs: 0 });
    const [, second, third, fourth, fifth] = waits;
    assert.ok(second > 10_000 && third > second * 1.5 && fourth > third * 1.5 && fifth > fourth * 1.5, String(waits));
  });

  test("is taken up again when its e-mail was changed", async () => {
    const user = await service.addUser({ email: "poison@example.com" });
    service.sim.fault({ match: { email: "poison@example.com" }, times: "always", action: { status: 400 } });
    for (let count = 0; count < 3; count += 1) await run();
    assert.equal((await run()).total, 0);
    await service.sql("UPDATE users SET email = 'good@example.com' WHERE uuid = ?", user.id);
    assert.equal((await run()).created, 1);
    await service.assertProvisioned({ ...user, email: "good@example.com" });
  });
});

describe("an e-mail taken in another customer", () => {
  test("is quarantined until a reset, and costs later runs nothing", async () => {
    const [orphan, other] = await service.addUsers([{ email: "orphan@example.com" }, {}]);
    service.sim.seed([{ email: "Orphan@Example.com", customerId: "another" }]);
    const result = await run();
    assert.deepEqual(counts(result), { total: 2, created: 1, failed: 1, skipped: 0, quarantined: 1, remaining: 0 });
    assert.deepEqual(result.errors, [`${orphan.id}: the e-mail belongs to an account outside our customer`]);
    await service.assertProvisioned(other);
    assert.deepEqual(
      [(await stateOf(orphan)).state, (await stateOf(orphan)).lastError],
      ["quarantined", "the e-mail belongs to an account outside our customer"],
    );
    service.sim.clearCalls();
    assert.equal((await run()).total, 0);
    assert.deepEqual(service.upstream().all, []);
    service.sim.reset({ config: { ...service.sim.config(), roles: undefined } });
    assert.equal((await run()).total, 0, "still, though the e-mail is free by now");
    await service.reset(orphan);
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(orphan);
  });

  test("is told apart from one that is only slow to become visible", async () => {
    const user = await service.addUser({ email: "slow@example.com" });
    service.sim.configure({ visibilityDelayMs: { create: 1500 } });
    service.sim.fault({ match: { email: "slow@example.com" }, action: { status: 500, after: true } });
    assert.deepEqual(counts(await run()), { total: 1, created: 1, failed: 0, skipped: 0, quarantined: 0, remaining: 0 });
    await service.assertProvisioned(user);
  });
});

describe("two users with the same e-mail after normalisation", () => {
  test("one gets the account, the other fails once and is set aside", async () => {
    const [first, second] = await service.addUsers([{ email: "jane@example.com" }, { email: " JANE@Example.com " }]);
    const result = await run();
    assert.deepEqual(counts(result), { total: 2, created: 1, failed: 1, skipped: 0, quarantined: 0, remaining: 0 });
    const loser = (await stateOf(first)).state === "complete" ? second : first;
    assert.deepEqual(result.errors, [`${loser.id}: another user holds the same e-mail`]);
    assert.equal((await stateOf(loser)).state, "set_aside");
    assert.equal((await run()).total, 0);
    assert.equal(service.accountsOf("jane@example.com").length, 1);
  });

  test("the second one's turn comes when its own e-mail changes", async () => {
    const [first, second] = await service.addUsers([{ email: "jane@example.com" }, { email: "Jane@example.com" }]);
    await service.credentials(first);
    await run();
    assert.equal((await stateOf(second)).state, "set_aside");
    await service.sql("UPDATE users SET email = 'janet@example.com' WHERE uuid = ?", second.id);
    assert.equal((await run()).created, 1);
    await service.assertProvisioned({ ...second, email: "janet@example.com" });
  });

  test("the second one's turn comes when the other's mapping is cleared", async () => {
    const [first, second] = await service.addUsers([{ email: "jane@example.com" }, { email: "Jane@example.com" }]);
    await service.credentials(first);
    await run();
    await service.sql("UPDATE users SET email = NULL WHERE uuid = ?", first.id);
    await service.reset(first, { deleteRemote: false });
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(second);
  });
});

describe("an account that was there before", () => {
  test("is replaced by one that opens with our password, and keeps its roles", async () => {
    const user = await service.addUser({ email: "jane@example.com" });
    const [old] = service.sim.seed([{ email: "Jane@Example.com", customerId: service.customer, roles: ["r1", "r2"] }]);
    assert.equal((await run()).created, 1);
    const { threeDeyeUserId } = await service.assertProvisioned(user, { roles: ["r1", "r2"] });
    assert.notEqual(threeDeyeUserId, old.id);
    assert.equal((await service.diagnose(user)).json.recovery.found, false);
    assert.deepEqual(
      (await service.audit()).map(({ action, outcome }) => [action, outcome]),
      [
        ["threedeye.save_roles", `2 role(s) of account ${old.id}`],
        ["threedeye.provision", "replaced"],
      ],
    );
  });

  test("no more than BACKFILL_MAX_TAKEOVERS are replaced in a run, the rest is left for the next, which is told", async () => {
    const users = await many(5);
    service.sim.seed(users.slice(0, 3).map(({ email }) => ({ email, customerId: service.customer })));
    const first = await run();
    assert.deepEqual(counts(first), { total: 5, created: 4, failed: 0, skipped: 1, quarantined: 0, remaining: 1 });
    assert.equal(service.upstream().deletes.length, 2);
    assert.ok(
      first.errors.some((/** @type {string} */ line) => /take-over limit/.test(line)),
      String(first.errors),
    );
    assert.equal((await run()).created, 1);
    for (const user of users) await service.assertProvisioned(user);
  });

  test("those beyond the limit do not block users behind them", async () => {
    const users = await many(6);
    service.sim.seed(users.slice(0, 5).map(({ email }) => ({ email, customerId: service.customer })));
    for (let count = 0; count < 8; count += 1) await run("?limit=3");
    for (const user of users) await service.assertProvisioned(user);
  });

  test("roles that wait from before are attached to whatever account comes", async () => {
    const user = await service.addUser();
    service.sim.configure({ roles: ["r1", "r2"] });
    await service.sql('INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?, \'["r1","r2"]\', 1)', user.id);
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(user, { roles: ["r1", "r2"] });
    assert.equal((await service.diagnose(user)).json.recovery.found, false);
  });
});

describe("an early end", () => {
  test("429 ends the run, the errors say so, and nothing is lost", async () => {
    const users = await many(20);
    service.sim.fault({
      match: { method: "POST", path: "/users" },
      skip: 3,
      times: 12,
      action: { rateLimit: { retryAfter: 60 } },
    });
    const first = await run();
    assert.equal(first.success, false);
    assert.ok(
      first.errors.some((/** @type {string} */ line) => /^run ended early: 3dEye limits our rate/.test(line)),
      String(first.errors),
    );
    assert.equal(first.total, 20);
    assert.equal(first.created + first.failed + first.skipped, 20);
    assert.ok(first.skipped >= 8, "nobody new was taken up");
    assert.ok(service.upstream().creates.length <= 10);
    assert.equal(first.remaining, 20 - first.created);
    service.sim.clearFaults();
    assert.equal((await run()).created, 20 - first.created);
    for (const user of users.slice(0, 5)) await service.assertProvisioned(user);
    assert.equal(service.sim.users().length, 20);
  });

  test("five upstream failures in a row end the run, and nothing is lost", async () => {
    const users = await many(20);
    service.sim.fault({ match: { method: "POST", path: "/users" }, times: "always", action: { status: 500, after: true } });
    const first = await run();
    assert.equal(first.success, false);
    assert.ok(
      first.errors.some((/** @type {string} */ line) => /^run ended early: five upstream failures in a row/.test(line)),
      String(first.errors),
    );
    assert.ok(service.upstream().creates.length <= 10, "no new one is begun after the fifth");
    assert.ok(first.skipped >= 10);
    service.sim.clearFaults();
    for (let count = 0; count < 3 && (await provisionedCount()) < 20; count += 1) await run();
    for (const user of users) await service.assertProvisioned(user);
  });

  test("failures that are not in a row, or speak against one user only, do not end it", async () => {
    const users = await many(18);
    for (const user of users.slice(0, 8)) service.sim.fault({ match: { email: user.email }, action: { status: 400 } });
    assert.deepEqual(counts(await run()), { total: 18, created: 10, failed: 8, skipped: 0, quarantined: 0, remaining: 8 });
  });

  test("a list that cannot be read is a 502, leaves a row in the ledger, and loses nothing", async () => {
    const users = await many(3);
    service.sim.fault({ match: { method: "GET", path: "/users" }, times: "always", action: { status: 403 } });
    assert.equal((await service.backfill()).status, 502);
    const [row] = await service.runs();
    assert.deepEqual([row.status, row.total, row.created, row.skipped, row.remaining], ["ended_early", 3, 0, 3, 3]);
    assert.equal((await stateOf(users[0])).attempts, 0, "it was not this user's fault");
    service.sim.clearFaults();
    assert.equal((await run()).created, 3);
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

describe("the ledger", () => {
  test("tells of every run, newest first, and as many as asked", async () => {
    await many(2);
    const results = [];
    for (let count = 0; count < 3; count += 1) results.push(await run("?limit=1"));
    const rows = await service.runs();
    assert.deepEqual(
      rows.map((/** @type {{runId: string}} */ { runId }) => runId),
      results.map(({ runId }) => runId).reverse(),
    );
    const [newest, , oldest] = rows;
    assert.deepEqual(
      { ...oldest, startedAt: "", finishedAt: "" },
      {
        runId: results[0].runId,
        trigger: "manual",
        mode: "inline",
        status: "completed",
        limit: 1,
        total: 1,
        created: 1,
        failed: 0,
        skipped: 0,
        quarantined: 0,
        remaining: 1,
        errors: [],
        startedAt: "",
        finishedAt: "",
      },
    );
    assert.ok(Date.parse(oldest.finishedAt) >= Date.parse(oldest.startedAt));
    assert.deepEqual(
      (await service.runs("?limit=1")).map((/** @type {{runId: string}} */ { runId }) => runId),
      [newest.runId],
    );
    assert.equal((await service.runs("?limit=200")).length, 3);
  });

  test("lists 20 unless told otherwise", async () => {
    await service.sql(
      `INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
       SELECT 'run_01JZX0000000000000000000' || char(65 + value / 10) || (value % 10), 'cron', 'cron', 'req_x', 'running', 50, 1000 + value FROM json_each(?)`,
      JSON.stringify(Array.from({ length: 25 }, (_, index) => index)),
    );
    const rows = await service.runs();
    assert.equal(rows.length, 20);
    assert.deepEqual([rows[0].status, rows[0].finishedAt, rows[0].remaining], ["running", null, null]);
    assert.equal(Date.parse(rows[0].startedAt), 1024);
  });

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
