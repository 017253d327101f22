/** One message of a planned run: twice, at once, late, unreadable, or about users that are gone. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { chunk, figures, queueServicesForThisFile } from "./support/queues.mjs";

const { service, byHand, many } = await queueServicesForThisFile();

/** @param {number} retryAfter */
const limited = (retryAfter) => ({ rateLimit: { retryAfter } });

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
