/** Runs that are planned for queue consumers: what the plan answers, how far a run is, and what it comes to in the end. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { chunk, figures, queueServicesForThisFile } from "./support/queues.mjs";

const { service, byHand, many } = await queueServicesForThisFile();

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
          removed: 0,
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
