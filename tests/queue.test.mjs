/**
 * Runs that are planned and worked off by queue consumers, on the local queue runtime: the settings are those of wrangler.toml,
 * the waits are shorter. Where a wait itself is the point, messages are handed to the Worker past the queue, and its answer to
 * each of them is looked at.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, test } from "node:test";

import { assertError, serviceForThisFile, servicesForThisFile, until } from "./support/service.mjs";

const bare = await servicesForThisFile({
  service: {
    queue: true,
    instrumented: true,
    vars: { THREEDEYE_TIMEOUT_MS: "1000", BACKFILL_CRON_LIMIT: "60", BACKFILL_MAX_TAKEOVERS: "2" },
  },
  // Its queue loses everything, so that it does not interfere with what a test hands over.
  byHand: { queue: true, instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "1000", BACKFILL_MAX_TAKEOVERS: "2" } },
  withoutQueue: {},
});
const { service, byHand, withoutQueue } = bare;

/** Longer than any lease. */
const LEASE_MS = 61_000;
const RUN_IDLE_MS = 30 * 60_000;

/** @param {number} count */
const many = (count, of = service) => of.addUsers(Array.from({ length: count }, () => ({})));
/** @param {string} runId */
const chunk = (runId, number = 1) => ({ runId, chunk: number });
/** @param {Record<string, any>} given */
const figures = ({ status, planned, done, failed, skipped, quarantined, chunks }) => ({
  status,
  planned,
  done,
  failed,
  skipped,
  quarantined,
  chunks: `${chunks.closed}/${chunks.planned}`,
});
/** @param {number} retryAfter */
const limited = (retryAfter) => ({ rateLimit: { retryAfter } });

beforeEach(async () => {
  const usual = { aheadMs: 0, sparedRoundTrips: null, breakdowns: 0 };
  await service.instruments({ ...usual, queueIs: "keeps" });
  await byHand.instruments({ ...usual, queueIs: "loses" });
});

describe("a planned run", () => {
  test("is worked off in chunks, each user once, with few reads of the list", async () => {
    const users = await many(330);
    const answer = await service.backfill("?mode=queue&limit=10000");
    assert.equal(answer.status, 202, answer.text);
    const { runId, errors, ...told } = answer.json;
    assert.deepEqual(
      [told, errors],
      [
        {
          success: true,
          total: 330,
          created: 0,
          failed: 0,
          skipped: 0,
          quarantined: 0,
          remaining: 330,
          dryRun: false,
          planned: [],
        },
        [],
      ],
    );
    assert.equal(answer.headers.location, `/admin/threedeye/backfill/runs/${runId}`);
    const end = await service.ended(runId);
    assert.deepEqual(figures(end), {
      status: "completed",
      planned: 330,
      done: 330,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      chunks: "7/7",
    });
    assert.deepEqual(
      [end.mode, end.trigger, end.limit, end.remaining, end.estimatedEnd, end.errors],
      ["queue", "manual", 10_000, 0, null, []],
    );
    assert.ok(end.usersPerMinute > 0);
    const { creates, lists } = service.upstream();
    assert.equal(creates.length, 330);
    assert.ok(lists.length <= 7, `${lists.length} reads of the list`);
    for (const user of users.slice(0, 5)) await service.assertProvisioned(user);
    const [{ open }] = await service.sql("SELECT count(*) AS open FROM provisioning_chunks WHERE user_ids <> '[]'");
    assert.equal(open, 0, "the ledger keeps no ids of what is done");
  });

  test("leaves an audit row for every user, in the name of the queue", async () => {
    const [user] = await many(1);
    await service.ended(await service.fanOut());
    const [{ actor, action, subject, outcome }] = await service.audit();
    assert.deepEqual(
      { actor, action, subject, outcome },
      { actor: "queue", action: "threedeye.provision", subject: user.id, outcome: "created" },
    );
  });

  test("takes up as many as asked, 50 unless told otherwise, and one run's users are no other's", async () => {
    await many(70, byHand);
    const first = await byHand.backfill("?mode=queue");
    assert.deepEqual([first.json.total, first.json.remaining], [50, 70]);
    const second = await byHand.backfill("?limit=500");
    assert.deepEqual([second.json.total, second.json.created, second.json.remaining], [20, 20, 50]);
    const third = await byHand.backfill("?mode=queue");
    assert.equal(third.json.total, 0);
    assert.deepEqual(figures(await byHand.progress(third.json.runId)), {
      status: "completed",
      planned: 0,
      done: 0,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      chunks: "0/0",
    });
  });

  test("can be watched", async () => {
    await many(60, byHand);
    const runId = await byHand.fanOut("&limit=60");
    const planned = await byHand.progress(runId);
    assert.deepEqual(figures(planned), {
      status: "running",
      planned: 60,
      done: 0,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      chunks: "0/2",
    });
    assert.deepEqual(
      [planned.usersPerMinute, planned.estimatedEnd, planned.finishedAt, planned.remaining],
      [null, null, null, null],
    );
    await byHand.instruments({ aheadMs: 10_000 });
    await byHand.deliver([chunk(runId)]);
    const half = await byHand.progress(runId);
    assert.deepEqual(figures(half), {
      status: "running",
      planned: 60,
      done: 50,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      chunks: "1/2",
    });
    // 50 users in 10 s and a little.
    assert.ok(half.usersPerMinute > 200 && half.usersPerMinute <= 300, String(half.usersPerMinute));
    assert.ok(Date.parse(half.estimatedEnd) > Date.parse(half.startedAt) + 12_000);
    const [listed] = await byHand.runs();
    assert.deepEqual(
      [listed.runId, listed.mode, listed.status, listed.total, listed.created],
      [runId, "queue", "running", 60, 50],
    );
    await byHand.deliver([chunk(runId, 2)]);
    assert.equal((await byHand.progress(runId)).status, "completed");
  });

  test("tells who failed and why, and gives them their own wait", async () => {
    const [orphan, refused, fine] = await many(3);
    service.sim.seed([{ email: orphan.email, customerId: "somebody-else" }]);
    await many(1).then(([rival]) => service.sql("UPDATE users SET email = ? WHERE uuid = ?", fine.email, rival.id));
    service.sim.fault({
      match: { method: "POST", path: "/users", email: refused.email },
      times: "always",
      action: { status: 422 },
    });
    const end = await service.ended(await service.fanOut());
    assert.deepEqual(figures(end), {
      status: "completed",
      planned: 4,
      done: 1,
      failed: 3,
      skipped: 0,
      quarantined: 1,
      chunks: "1/1",
    });
    assert.equal(end.errors.length, 3);
    assert.ok(
      end.errors.every((/** @type {string} */ line) => /^[0-9a-f-]{36}: \w/.test(line)),
      String(end.errors),
    );
    const [{ attempts }] = await service.sql("SELECT attempts FROM threedeye_users WHERE user_id = ?", refused.id);
    assert.equal(attempts, 1);
  });

  test("keeps to the run's limit of take-overs over all of its deliveries", async () => {
    const users = await many(60, byHand);
    const old = [0, 1, 57, 58, 59].map((place) => users[place]);
    byHand.sim.seed(old.map(({ email }) => ({ email, customerId: byHand.customer })));
    const runId = await byHand.fanOut("&limit=60");
    for (const number of [1, 2]) await byHand.deliver([chunk(runId, number)]);
    assert.equal(byHand.upstream().deletes.length, 2);
    const end = await byHand.progress(runId);
    assert.deepEqual(figures(end), {
      status: "completed",
      planned: 60,
      done: 57,
      failed: 0,
      skipped: 3,
      quarantined: 0,
      chunks: "2/2",
    });
    // Which chunk they fall into is up to their ids.
    const told = end.errors.map((/** @type {string} */ line) =>
      Number(/^chunk \d: (\d) user\(s\) left as they were: gone, changed, or beyond the take-over limit$/.exec(line)?.[1]),
    );
    assert.equal(
      told.reduce((/** @type {any} */ sum, /** @type {number} */ count) => sum + count, 0),
      3,
    );
    assert.deepEqual((await byHand.backfill()).json.total, 3, "they don't have to wait for it");
  });

  test("a delivery of 50 users costs as many D1 calls as a run in one process, and planning costs one", async () => {
    await many(50, byHand);
    const answer = await byHand.backfill("?mode=queue");
    assert.equal(answer.headers["x-d1-round-trips"], "1");
    await byHand.deliver([chunk("run_none")]);
    const before = (await byHand.instruments({})).roundTripsOfEvents;
    await byHand.deliver([chunk(answer.json.runId)]);
    const { roundTripsOfEvents } = await byHand.instruments({});
    assert.ok(roundTripsOfEvents - before <= 8, `${roundTripsOfEvents - before} D1 round trips`);
    const progress = await byHand.admin("GET", String(answer.headers.location));
    assert.equal(progress.json.done, 50);
    assert.equal(progress.headers["x-d1-round-trips"], "1");
  });

  test("as a dry run lists up to 10,000 users and changes nothing", async () => {
    await many(600, byHand);
    const { status, json } = await byHand.backfill("?mode=queue&limit=10000&dryRun=true");
    assert.deepEqual([status, json.planned.length, json.runId, json.dryRun, json.remaining], [200, 600, null, true, 600]);
    assert.deepEqual(await byHand.runs(), []);
    assert.equal((await byHand.backfill("?mode=queue&limit=10000&dryRun=true")).json.planned.length, 600);
  });

  test("an unknown mode, a limit beyond 10,000, and one beyond 500 in one process are refused", async () => {
    for (const query of ["?mode=", "?mode=Queue", "?mode=background", "?mode=queue&mode=queue"])
      assertError(await service.backfill(query), 400, /^mode: /);
    for (const query of ["?mode=queue&limit=10001", "?mode=queue&limit=0"])
      assertError(await service.backfill(query), 400, "limit: must be an integer from 1 to 10000");
    for (const query of ["?limit=501", "?mode=inline&limit=501"])
      assertError(await service.backfill(query), 400, "limit: must be an integer from 1 to 500");
    assert.deepEqual(await service.runs(), []);
  });
});

describe("the cron trigger", () => {
  test("plans BACKFILL_CRON_LIMIT users and leaves them to the queue", async () => {
    await many(70);
    await service.scheduled();
    const [{ runId, trigger, mode, limit, total }] = await service.runs();
    assert.deepEqual([trigger, mode, limit, total], ["cron", "queue", 60, 60]);
    assert.equal((await service.ended(runId)).done, 60);
    assert.equal((await service.call("GET", "/health")).json.checks.scheduledRun, "ok");
    const line = (await service.log()).findLast(({ event }) => event === "backfill.run");
    assert.deepEqual([line.level, line["run.id"], line["run.total"]], ["info", runId, 60]);
    const delivery = (await service.log()).findLast(({ event }) => event === "queue.delivery");
    assert.deepEqual([delivery.level, delivery["run.ids"], delivery["queue.retried"]], ["info", [runId], 0]);
  });

  test("turns /health red when consumers stay away", async () => {
    const health = async () => (await byHand.call("GET", "/health")).json.checks.scheduledRun;
    await many(3, byHand);
    await byHand.scheduled();
    assert.equal(await health(), "running");
    await byHand.instruments({ aheadMs: 16 * 60_000 });
    assert.equal(await health(), "died");
    await byHand.scheduled();
    assert.equal(await health(), "died", "a new plan is no sign of life");
    await byHand.instruments({ aheadMs: RUN_IDLE_MS + 10_000 });
    await byHand.scheduled();
    assert.equal((await byHand.runs()).at(-1).status, "ended_early");
    const line = (await byHand.log()).findLast(({ event }) => event === "backfill.run");
    assert.deepEqual([line.level, line["error.cause"]], ["error", "1 chunk(s) of earlier runs were never delivered"]);
  });
});

describe("a message", () => {
  test("that comes twice, together or one after the other, counts once", async () => {
    const users = await many(20, byHand);
    const runId = await byHand.fanOut();
    const both = await byHand.deliver([chunk(runId), chunk(runId)]);
    assert.deepEqual([both.outcome, both.explicitAcks.length, both.retryMessages], ["ok", 2, []]);
    const before = await byHand.progress(runId);
    assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
    assert.deepEqual(await byHand.progress(runId), before);
    assert.equal(byHand.upstream().creates.length, 20);
    await byHand.assertProvisioned(users[0]);
  });

  test("that comes twice at once is worked off by one of them", async () => {
    await many(40, byHand);
    const runId = await byHand.fanOut();
    byHand.sim.configure({ latencyMs: 50 });
    const answers = await Promise.all([1, 2, 3].map(() => byHand.deliver([chunk(runId)])));
    assert.ok(answers.every(({ outcome }) => outcome === "ok"));
    assert.ok(answers.some(({ explicitAcks }) => explicitAcks.length === 1));
    assert.equal(byHand.upstream().creates.length, 40);
    assert.deepEqual(figures(await byHand.progress(runId)), {
      status: "completed",
      planned: 40,
      done: 40,
      failed: 0,
      skipped: 0,
      quarantined: 0,
      chunks: "1/1",
    });
  });

  test("that is in the queue five times is worked off once", async () => {
    await many(30);
    await service.instruments({ queueIs: "loses" });
    const runId = await service.fanOut();
    await service.instruments({ queueIs: "keeps" });
    await Promise.all(Array.from({ length: 5 }, () => service.enqueue(chunk(runId))));
    assert.equal((await service.ended(runId)).done, 30);
    assert.equal(service.upstream().creates.length, 30);
  });

  test("comes again as late as 3dEye asks, and its users are not tried before", async () => {
    await many(8, byHand);
    const runId = await byHand.fanOut();
    byHand.sim.fault({ match: { method: "GET", path: "/users" }, times: "always", action: limited(1800) });
    const { outcome, explicitAcks, retryMessages } = await byHand.deliver([chunk(runId), chunk("run_unknown")]);
    assert.deepEqual([outcome, explicitAcks, retryMessages], ["ok", ["1"], [{ msgId: "0", delaySeconds: 1800 }]]);
    byHand.sim.clearFaults();
    const [{ held }] = await byHand.sql("SELECT count(*) AS held FROM threedeye_users WHERE lease_token IS NOT NULL");
    assert.equal(held, 0, "no lease keeps users from their credentials meanwhile");
    assert.deepEqual((await byHand.deliver([chunk(runId)])).retryMessages, []);
    assert.equal((await byHand.progress(runId)).done, 8);
  });

  test("comes again by the queue itself after a rate limit", async () => {
    await many(5);
    // As often as one delivery asks.
    service.sim.fault({ match: { method: "GET", path: "/users" }, times: 3, action: limited(1) });
    const end = await service.ended(await service.fanOut());
    assert.deepEqual([end.status, end.done], ["completed", 5]);
    const [{ deliveries }] = await service.sql("SELECT deliveries FROM provisioning_chunks");
    assert.equal(deliveries, 2);
  });

  test("comes again later and later while 3dEye is down", async () => {
    await many(3, byHand);
    const runId = await byHand.fanOut();
    byHand.sim.fault({ match: { method: "GET", path: "/users" }, times: "always", action: { status: 403 } });
    for (const delaySeconds of [30, 60, 120, 240]) {
      assert.deepEqual((await byHand.deliver([chunk(runId)])).retryMessages, [{ msgId: "0", delaySeconds }]);
    }
    const line = (await byHand.log()).findLast(({ event }) => event === "queue.delivery");
    assert.deepEqual([line.level, line["queue.retried"]], ["warn", 1]);
    assert.match(line["error.cause"], /^the user list could not be read: /);
  });

  test("comes again while another actor has one of its users", async () => {
    const [held] = await many(2, byHand);
    const runId = await byHand.fanOut();
    await byHand.sql(
      "INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at) VALUES (?, 'idle', 'lease_other', ?, 1, 1)",
      held.id,
      Date.now() + 40_000,
    );
    assert.deepEqual((await byHand.deliver([chunk(runId)])).retryMessages, [{ msgId: "0", delaySeconds: 30 }]);
    assert.equal((await byHand.progress(runId)).done, 1);
    await byHand.sql("UPDATE threedeye_users SET lease_until = 0 WHERE user_id = ?", held.id);
    assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
    assert.equal((await byHand.progress(runId)).done, 2);
  });

  test("is acknowledged when its users are gone, changed or served already", async () => {
    const [gone, changed, served, silent] = await many(4, byHand);
    const runId = await byHand.fanOut();
    await byHand.assertProvisioned(served);
    await byHand.sql("DELETE FROM users WHERE uuid = ?", gone.id);
    await byHand.sql("UPDATE users SET email = 'moved@example.com' WHERE uuid = ?", changed.id);
    await byHand.sql("UPDATE users SET email = NULL WHERE uuid = ?", silent.id);
    assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
    assert.deepEqual(figures(await byHand.progress(runId)), {
      status: "completed",
      planned: 4,
      done: 1,
      failed: 0,
      skipped: 3,
      quarantined: 0,
      chunks: "1/1",
    });
    const [{ created }] = [(await byHand.backfill()).json];
    assert.equal(created, 1, "the changed one is due at once");
  });

  for (const [what, message] of Object.entries({
    text: "hello",
    nothing: null,
    "a list": [1],
    "another object": { hello: 1 },
    "a chunk that is no number": { runId: "run_x", chunk: "1" },
    "a chunk below zero": { runId: "run_x", chunk: -1 },
  })) {
    test(`that is ${what} cannot be read: it is logged and acknowledged, and holds no other message up`, async () => {
      await many(1, byHand);
      const runId = await byHand.fanOut();
      const { outcome, explicitAcks, retryMessages } = await byHand.deliver([message, chunk(runId)]);
      assert.deepEqual([outcome, explicitAcks, retryMessages], ["ok", ["0", "1"], []]);
      assert.equal((await byHand.progress(runId)).done, 1);
      const line = (await byHand.log()).findLast(({ event }) => event === "queue.delivery");
      assert.deepEqual([line.level, line["queue.unreadable"], line["error.cause"]], ["error", 1, "messages that cannot be read"]);
    });
  }

  test("of an unknown run is acknowledged", async () => {
    assert.deepEqual((await byHand.deliver([chunk(`run_${randomUUID()}`)])).explicitAcks, ["0"]);
    assert.deepEqual(byHand.upstream().all, []);
  });
});

describe("a consumer that dies", () => {
  for (let spared = 0; spared < 7; spared += 1) {
    test(`by losing D1 after ${spared} calls is followed by another, which ends it`, async () => {
      const [fresh, replaced] = await many(2, byHand);
      byHand.sim.seed([{ email: replaced.email, customerId: byHand.customer, roles: ["r1", "r2"] }]);
      const runId = await byHand.fanOut();
      await byHand.instruments({ sparedRoundTrips: spared });
      const first = await byHand.deliver([chunk(runId)]);
      assert.equal(first.outcome, "ok", "it does not throw");
      if (spared < 2)
        assert.deepEqual(
          first.retryMessages.map(({ msgId }) => msgId),
          ["0"],
        );
      await byHand.instruments({ sparedRoundTrips: null, aheadMs: 2 * LEASE_MS });
      assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
      const { status, done, skipped } = await byHand.progress(runId);
      assert.deepEqual([status, done + skipped], ["completed", 2]);
      // The dead took the allowance of take-overs along: the next run has its own.
      if (skipped > 0) assert.equal((await byHand.backfill()).json.created, 1);
      await byHand.assertProvisioned(fresh);
      await byHand.assertProvisioned(replaced, { roles: ["r1", "r2"] });
      assert.equal(byHand.sim.users().length, 2);
    });
  }

  test("after its work, before its answer arrives, leaves a message that finds no user to do", async () => {
    await many(10);
    await service.instruments({ breakdowns: 1 });
    const runId = await service.fanOut();
    assert.equal((await service.ended(runId)).done, 10);
    await until(
      async () =>
        (await service.log()).filter((line) => line.event === "queue.delivery" && line["run.ids"].includes(runId)).length === 2,
      "the second delivery",
    );
    assert.equal(service.upstream().creates.length, 10);
  });
});

describe("a message that fails five times", () => {
  test("is a dead letter: its chunk is closed, and its users wait for the next run", async () => {
    const users = await many(3);
    await service.instruments({ queueIs: "loses" });
    const runId = await service.fanOut();
    /** @param {string} queue */
    const deliveries = async (queue) =>
      (await service.log()).filter(
        (line) => line.event === "queue.delivery" && line["queue.name"] === queue && line["run.ids"].includes(runId),
      );
    await service.instruments({ sparedRoundTrips: 0 });
    await service.enqueue(chunk(runId));
    await until(async () => (await deliveries("service")).length === 5, "five deliveries");
    await service.instruments({ sparedRoundTrips: null });
    const end = await service.ended(runId);
    assert.deepEqual(figures(end), {
      status: "ended_early",
      planned: 3,
      done: 0,
      failed: 0,
      skipped: 3,
      quarantined: 0,
      chunks: "1/1",
    });
    assert.deepEqual([end.errors, end.remaining], [["chunk 1: failed 5 deliveries; its users wait for the next run"], 3]);
    assert.equal((await deliveries("service")).length, 5);
    const [letter] = (await deliveries("service-dead-letters")).slice(-1);
    assert.deepEqual([letter.level, letter["error.cause"]], ["error", "dead letters: their users wait for the next run"]);
    assert.equal((await service.backfill()).json.created, 3, "they are due at once");
    await service.assertProvisioned(users[0]);
  });
});

describe("a queue", () => {
  test("that takes no messages makes the call fail, and holds no user back", async () => {
    await many(3, byHand);
    await byHand.instruments({ queueIs: "refuses" });
    assertError(await byHand.backfill("?mode=queue"), 500);
    const [run] = await byHand.runs();
    assert.deepEqual([run.status, run.total, run.skipped, run.remaining], ["ended_early", 3, 3, 3]);
    assert.deepEqual(run.errors, ["chunk 1: could not be enqueued; its users wait for the next run"]);
    assert.equal((await byHand.backfill()).json.created, 3);
  });

  test("that takes no messages from cron is an error in the log", async () => {
    await many(1, byHand);
    await byHand.instruments({ queueIs: "refuses" });
    await byHand.scheduled();
    const line = (await byHand.log()).findLast(({ event }) => event === "backfill.run");
    assert.deepEqual([line.level, line["run.id"]], ["error", (await byHand.runs())[0].runId]);
    assert.match(line["error.cause"], /^the queue did not take the messages: /);
    assert.equal((await byHand.call("GET", "/health")).json.checks.scheduledRun, "failing");
  });

  test("that loses messages loses no user: the next plan closes their run and takes them up", async () => {
    await many(3);
    await service.instruments({ queueIs: "loses" });
    const lost = await service.fanOut();
    // The next plan finds the run idle, and its users held for a little while yet.
    await service.instruments({ queueIs: "keeps", aheadMs: RUN_IDLE_MS + 10_000 });
    await service.fanOut();
    const { status, skipped, errors } = await service.progress(lost);
    assert.deepEqual(
      [status, skipped, errors],
      ["ended_early", 3, ["chunk 1: no delivery for too long; its users wait for the next run"]],
    );
    assert.equal((await service.ended(await service.fanOut())).done, 3);
  });
});

describe("without a queue", () => {
  test("mode=queue provisions in one process, 500 users at most", async () => {
    await many(3, withoutQueue);
    const { status, json, headers } = await withoutQueue.backfill("?mode=queue");
    assert.deepEqual([status, json.total, json.created, json.remaining, headers.location], [200, 3, 3, 0, undefined]);
    assertError(await withoutQueue.backfill("?mode=queue&limit=501"), 400, "limit: must be an integer from 1 to 500");
    const progress = await withoutQueue.progress(json.runId);
    assert.deepEqual(
      [progress.mode, figures(progress)],
      ["inline", { status: "completed", planned: 3, done: 3, failed: 0, skipped: 0, quarantined: 0, chunks: "0/0" }],
    );
    assert.equal(progress.estimatedEnd, null);
  });

  test("the cron trigger provisions in one process", async () => {
    await many(2, withoutQueue);
    await withoutQueue.scheduled();
    const [{ mode, status, created }] = await withoutQueue.runs();
    assert.deepEqual([mode, status, created], ["inline", "completed", 2]);
  });
});

describe("one run of the ledger", () => {
  test("is 404 when there is none of that id", async () => {
    for (const id of ["run_01JZX0000000000000000000EX", "x", "%27", "run_%00"]) {
      assertError(await service.admin("GET", `/admin/threedeye/backfill/runs/${id}`), 404, "Run not found");
    }
  });

  test("takes no parameters", async () => {
    assertError(await service.admin("GET", "/admin/threedeye/backfill/runs/x?limit=1"), 400, "limit: unknown parameter");
  });
});

describe("as wrangler runs it", async () => {
  const released = await serviceForThisFile({ wrangler: true, queue: true });

  test("with the queues of wrangler.toml cron and mode=queue are left to consumers", async () => {
    const [user] = await many(30, released);
    await released.scheduled();
    const [{ runId, mode, trigger }] = await released.runs();
    assert.deepEqual([mode, trigger], ["queue", "cron"]);
    assert.equal((await released.ended(runId)).done, 30);
    await many(5, released);
    assert.equal((await released.ended(await released.fanOut())).done, 5);
    await released.assertProvisioned(user);
  });
});
