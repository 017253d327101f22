/** What the service costs, counted: calls to 3dEye, calls at a time, round trips to D1. Timings are the bench's business. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const PAGE_SIZE = 100;
const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_PAGE_SIZE: String(PAGE_SIZE) } });

const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));
const roundTrips = (answer) => Number(answer.headers["x-d1-round-trips"]);

/** The simulator forgets its access tokens between tests; the Worker learns of it here and not in what is counted. */
async function warmUp() {
  await service.diagnose("nobody");
  service.sim.clearCalls();
}

describe("a fault-free backfill of 50 users", () => {
  test("reads each page of the list once and creates each user once, six at a time, in 12 D1 calls at most", async () => {
    service.sim.seed({ generate: { count: 250, customerId: service.customer, prefix: "resident-" } });
    const users = await many(50);
    await warmUp();
    service.sim.configure({ latencyMs: 150 });
    const answer = await service.backfill();
    assert.equal(answer.json.created, 50);
    const { all, lists, creates, logins } = service.upstream();
    assert.deepEqual(lists.map(({ query }) => query.page).sort(), ["1", "2", "3"]);
    assert.equal(creates.length, 50);
    assert.equal(new Set(creates.map(({ email }) => email)).size, 50);
    assert.equal(all.length, lists.length + creates.length, "and nothing else");
    assert.deepEqual(logins, [], "the access token is kept");
    assert.equal(Math.max(...all.map(({ concurrent }) => concurrent)), 6, "six at a time, and not fewer");
    assert.ok(roundTrips(answer) <= 12, `${roundTrips(answer)} D1 round trips`);
    for (const user of users.slice(0, 3)) await service.assertProvisioned(user);
  });

  test("costs no more D1 calls when it is scheduled", async () => {
    await many(50);
    const before = (await service.instruments({})).roundTripsOfEvents;
    await service.scheduled();
    assert.equal((await service.runs())[0].created, 50);
    const { roundTripsOfEvents } = await service.instruments({});
    assert.ok(roundTripsOfEvents - before <= 12, `${roundTripsOfEvents - before} D1 round trips`);
    assert.ok(roundTripsOfEvents > before);
  });

  test("500 users stay below what the platform allows an invocation", async () => {
    await many(500);
    await warmUp();
    const answer = await service.backfill("?limit=500");
    assert.equal(answer.json.created, 500);
    assert.equal(service.upstream().creates.length, 500);
    assert.equal(service.upstream().lists.length, 1);
    assert.ok(roundTrips(answer) < 50, `${roundTrips(answer)} D1 round trips`);
  });
});

describe("the price of the rest", () => {
  test("a run with nothing to do costs two D1 calls and calls nobody", async () => {
    await service.addUser({ email: null });
    await warmUp();
    const answer = await service.backfill();
    assert.equal(answer.json.total, 0);
    assert.ok(roundTrips(answer) <= 2, `${roundTrips(answer)} D1 round trips`);
    assert.deepEqual(service.upstream().all, []);
  });

  test("a dry run costs two D1 calls and calls nobody", async () => {
    await many(5);
    await warmUp();
    assert.ok(roundTrips(await service.backfill("?dryRun=true")) <= 2);
    assert.deepEqual(service.upstream().all, []);
  });

  test("what finds the work due reads what is due, and not every user there is", async () => {
    await many(300);
    await service.sql("UPDATE threedeye_users SET state = 'complete'");
    await service.sql(`INSERT INTO threedeye_users (user_id, state, created_at, updated_at) SELECT uuid, 'complete', 1, 1 FROM users`);
    const [fresh] = await many(1);
    const plan = await service.sql(
      `EXPLAIN QUERY PLAN SELECT q.user_id FROM provisioning_queue q JOIN users u ON u.uuid = q.user_id
       LEFT JOIN threedeye_users s ON s.user_id = q.user_id WHERE q.due_at <= 1 ORDER BY q.due_at, q.user_id LIMIT 1`);
    assert.ok(!plan.some(({ detail }) => /SCAN (u|s)\b/.test(detail)), JSON.stringify(plan));
    assert.deepEqual(await service.sql("SELECT user_id FROM provisioning_queue"), [{ user_id: fresh.id }]);
  });

  test("the list, keys and ledger routes cost one D1 call each", async () => {
    for (const path of ["/admin/api-keys", "/admin/threedeye/backfill/runs"]) assert.equal(roundTrips(await service.admin("GET", path)), 1, path);
    const made = await service.admin("POST", "/admin/api-keys", { json: { scopes: ["threedeye:read"] } });
    assert.equal(roundTrips(made), 1);
    assert.equal(roundTrips(await service.admin("DELETE", `/admin/api-keys/${made.json.id}`)), 1);
  });

  test("/health costs one D1 call", async () => {
    assert.equal(roundTrips(await service.call("GET", "/health")), 1);
  });

  test("credentials of a provisioned user cost one D1 call and no call to 3dEye", async () => {
    const user = await service.addUser();
    await service.credentials(user);
    service.sim.clearCalls();
    assert.equal(roundTrips(await service.credentials(user)), 1);
    assert.deepEqual(service.upstream().all, []);
  });

  test("the first credentials of a user cost one list and one create", async () => {
    const user = await service.addUser();
    await warmUp();
    await service.credentials(user);
    const { all, lists, creates } = service.upstream();
    assert.deepEqual([lists.length, creates.length, all.length], [1, 1, 2]);
  });

  test("a list of 10,000 users is read once, each page once", async () => {
    service.sim.seed({ generate: { count: 10_000, customerId: service.customer } });
    await warmUp();
    const { json } = await service.diagnose("nobody");
    assert.equal(json.remote.customerUserCount, 10_000);
    const pages = service.upstream().lists.map(({ query }) => Number(query.page));
    assert.equal(pages.length, 10_000 / PAGE_SIZE);
    assert.equal(new Set(pages).size, pages.length);
    assert.ok(service.upstream().all.every(({ concurrent }) => concurrent <= 6));
  });
});
