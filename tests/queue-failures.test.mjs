/** Consumers that die, messages that fail for good, and queues that take none or lose them: no user is lost with them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { chunk, figures, queueServicesForThisFile, RUN_IDLE_MS } from "./support/queues.mjs";
import { until } from "./support/until.mjs";

const { service, byHand, many } = await queueServicesForThisFile();

/** Longer than any lease. */
const LEASE_MS = 61_000;

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
    assert.deepEqual(
      [letter.level, letter["error.cause"]],
      ["error", "dead letters: users of a backfill wait for the next run, those of a list are left as they were"],
    );
    assert.equal((await service.backfill()).json.created, 3, "they are due at once");
    await service.assertProvisioned(users[0]);
  });
});

describe("a planned run", () => {
  test("that is stopped ends, and its users are due for the next run, whatever comes of its messages", async () => {
    await many(60, byHand);
    const runId = await byHand.fanOut("&limit=100");
    await byHand.deliver([chunk(runId, 2)]);
    const why = { json: { reason: "wrong customer" } };
    for (const times of [1, 2]) {
      const { status, json } = await byHand.admin("POST", `/admin/threedeye/backfill/runs/${runId}/stop`, why);
      assert.deepEqual(
        [status, json.status, json.done, json.skipped, json.errors],
        [202, "ended_early", 10, 50, ["chunk 1: stopped: wrong customer"]],
        `stopped ${times} times`,
      );
    }
    assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
    assert.equal(byHand.sim.users().length, 10, "a message that comes late finds nothing to do");
    assert.equal((await byHand.backfill("?limit=100")).json.created, 50);
  });

  test("is given up when it is delivered while runs are paused", async () => {
    await many(3, byHand);
    const runId = await byHand.fanOut();
    const pause = async (/** @type {boolean} */ paused) =>
      assert.equal(
        (await byHand.admin("PUT", "/admin/threedeye/pause", { json: { paused, reason: "maintenance" } })).status,
        200,
      );
    await pause(true);
    assert.deepEqual((await byHand.deliver([chunk(runId)])).explicitAcks, ["0"]);
    assert.deepEqual([(await byHand.progress(runId)).status, byHand.sim.users().length], ["ended_early", 0]);
    await byHand.scheduled();
    assert.equal((await byHand.call("GET", "/health")).json.checks.scheduledRun, "paused");
    await pause(false);
    assert.equal((await byHand.backfill()).json.created, 3);
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
