/** The cron trigger and its queue: as a test binds it, as wrangler.toml does, and where there is none. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { figures, queueServicesForThisFile, RUN_IDLE_MS } from "./support/queues.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const { service, byHand, many } = await queueServicesForThisFile();
const withoutQueue = await serviceForThisFile();

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
