/** What the service costs, counted: calls to 3dEye, calls at a time, round trips to D1 and rows read. Timings are the bench's business. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const PAGE_SIZE = 100;
/** Rows of D1 that a backfill of 50 may read and write, whatever became of its users before. */
const MAX_READ = 700;
const MAX_WRITTEN = 420;
/** Its audit rows are not in the index of what people did. */
const MAX_WRITTEN_BY_CRON = 375;
const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_PAGE_SIZE: String(PAGE_SIZE) } });

/** @param {number} count */
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));
/** @param {Answer} answer */
const roundTrips = (answer) => Number(answer.headers["x-d1-round-trips"]);
/** @param {Answer} answer */
const rowsRead = (answer) => Number(answer.headers["x-d1-rows-read"]);
/** @param {Answer} answer */
const rowsWritten = (answer) => Number(answer.headers["x-d1-rows-written"]);
const waiting = async () => await service.sql("SELECT user_id, email_key FROM provisioning_queue ORDER BY user_id");
const counted = async () => (await service.sql("SELECT value FROM provisioning_totals WHERE name = 'waiting'"))[0].value;

/** The simulator forgets its access tokens between tests; the Worker learns of it here and not in what is counted. */
async function warmUp() {
  await service.diagnose("nobody");
  service.sim.clearCalls();
}

describe("a fault-free backfill of 50 users", () => {
  test("reads each page of the list once and creates each user once, six at a time, in 6 D1 calls at most", async () => {
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
    assert.ok(roundTrips(answer) <= 6, `${roundTrips(answer)} D1 round trips`);
    assert.ok(rowsRead(answer) <= MAX_READ, `${rowsRead(answer)} rows of D1 read`);
    assert.ok(rowsRead(answer) >= 50, "and they were counted");
    assert.ok(rowsWritten(answer) <= MAX_WRITTEN, `${rowsWritten(answer)} rows of D1 written`);
    assert.ok(rowsWritten(answer) >= 50, "and they were counted");
    for (const user of users.slice(0, 3)) await service.assertProvisioned(user);
  });

  test("costs no more when it is scheduled", async () => {
    await many(50);
    const before = await service.instruments({});
    await service.scheduled();
    assert.equal((await service.runs())[0].created, 50);
    const { roundTripsOfEvents, rowsWrittenOfEvents } = await service.instruments({});
    const roundTrips = roundTripsOfEvents - before.roundTripsOfEvents;
    // Upkeep and gauges are a call each.
    assert.ok(roundTrips > 0 && roundTrips <= 7, `${roundTrips} D1 round trips`);
    const written = rowsWrittenOfEvents - before.rowsWrittenOfEvents;
    assert.ok(written >= 50 && written <= MAX_WRITTEN_BY_CRON, `${written} rows of D1 written`);
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

describe("finding work costs what the batch costs", () => {
  /** @param {{id: string}} user */
  const reset = (user) => service.admin("POST", `/admin/threedeye/users/${user.id}/reset`, { json: { deleteRemote: true } });
  const provisioned = async () => {
    const user = await service.addUser();
    await service.credentials(user);
    return user;
  };

  /** A run over `user` and 49 new ones. @param {{id: string, email: string}} user */
  async function takesUp(user) {
    await many(49);
    await warmUp();
    const answer = await service.backfill();
    assert.deepEqual([answer.json.created, answer.json.remaining], [50, 0]);
    await service.assertProvisioned(user);
    assert.ok(rowsRead(answer) <= MAX_READ, `${rowsRead(answer)} rows of D1 read`);
    assert.ok(rowsWritten(answer) <= MAX_WRITTEN, `${rowsWritten(answer)} rows of D1 written`);
  }

  test("right after a reset", async () => {
    const user = await provisioned();
    await reset(user);
    await takesUp(user);
  });

  test("after another service has added an e-mail", async () => {
    const user = await service.addUser({ email: null });
    const email = "later@residents.example";
    await service.sql("UPDATE users SET email = ? WHERE uuid = ?", email, user.id);
    await takesUp({ ...user, email });
  });

  for (const [what, leave] of /** @type {const} */ ([
    ["whose attempts all failed", ""],
    ["whom a run that died left behind", "UPDATE threedeye_users SET lease_token = 'lease_of_the_dead', lease_until = 1"],
  ])) {
    test(`users ${what} cost no more than that either`, async () => {
      const users = await many(50);
      await warmUp();
      service.sim.fault({ match: { method: "POST", path: "/users" }, times: 50, action: { status: 400 } });
      assert.equal((await service.backfill()).json.failed, 50);
      if (leave) await service.sql(leave);
      const answer = await service.backfill();
      assert.deepEqual([answer.json.created, answer.json.remaining], [50, 0]);
      assert.ok(rowsRead(answer) <= MAX_READ, `${rowsRead(answer)} rows of D1 read`);
      assert.ok(rowsWritten(answer) <= MAX_WRITTEN, `${rowsWritten(answer)} rows of D1 written`);
      for (const user of users.slice(0, 3)) await service.assertProvisioned(user);
    });
  }

  test("after another service has put a user in another one's place", async () => {
    const [old] = await service.addUsers([{ subject: "auth0|1" }]);
    const email = "next@residents.example";
    await service.sql(
      "INSERT OR REPLACE INTO users (uuid, email, created_at, auth_subject) VALUES ('next', ?, '2024-01-15T10:30:00.000Z', 'auth0|1')",
      email,
    );
    assert.deepEqual(await waiting(), [{ user_id: "next", email_key: email }], `nothing is left of ${old.id}`);
    await takesUp({ id: "next", email });
  });

  test("nothing is forgotten, and the count is right, whatever is done to users", async () => {
    const now = "'2024-01-15T10:30:00.000Z'";
    const steps = /** @type {[string, Record<string, string>][]} */ ([
      [
        `INSERT INTO users (uuid, email, created_at, auth_subject) VALUES ('a', 'A@x.example', ${now}, 's')`,
        { a: "a@x.example" },
      ],
      [
        `INSERT OR IGNORE INTO users (uuid, email, created_at, auth_subject) VALUES ('b', 'b@x.example', ${now}, 's')`,
        { a: "a@x.example" },
      ],
      [`UPDATE users SET email = 'a2@x.example' WHERE uuid = 'a'`, { a: "a2@x.example" }],
      [`UPDATE users SET uuid = 'c' WHERE uuid = 'a'`, { c: "a2@x.example" }],
      [`INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES ('c', 'c@x.example', ${now})`, { c: "c@x.example" }],
      [
        `INSERT INTO users (uuid, email, created_at) VALUES ('d', ' ', ${now}), ('e', 'e@x.example', ${now})`,
        { c: "c@x.example", e: "e@x.example" },
      ],
      [`UPDATE users SET email = NULL WHERE uuid = 'c'`, { e: "e@x.example" }],
      [`DELETE FROM users WHERE uuid = 'e'`, {}],
    ]);
    for (const [sql, expected] of steps) {
      await service.sql(sql);
      assert.deepEqual(Object.fromEntries((await waiting()).map((row) => [row.user_id, row.email_key])), expected, sql);
      assert.equal(await counted(), Object.keys(expected).length, sql);
    }
  });

  test("a user that is replaced keeps its wait with its e-mail, and loses it with another", async () => {
    const user = await service.addUser();
    const wait = Date.now() + 3_600_000;
    await service.sql(
      `INSERT INTO threedeye_users (user_id, state, email_key, password_sealed, attempts, created_at, updated_at)
       SELECT uuid, 'pending', email_key, 'x', 3, 1, 1 FROM users`,
    );
    await service.sql("UPDATE threedeye_users SET next_attempt_at = ?", wait);
    /** @param {string | number | null} email */
    const replace = (email) =>
      service.sql(
        "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?, ?, '2024-01-15T10:30:00.000Z')",
        user.id,
        email,
      );
    const due = async () => (await service.sql("SELECT due_at FROM provisioning_queue"))[0].due_at;
    await replace(user.email);
    assert.equal(await due(), wait);
    await replace("another@residents.example");
    assert.ok((await due()) < wait);
  });

  test("no statement walks through a table that grows with the users", async () => {
    await many(5);
    await service.backfill();
    await service.backfill("?dryRun=true");
    const user = await provisioned();
    await service.diagnose(user);
    await reset(user);
    const { prepared } = await service.instruments({});
    // The totals of a day are counted once a day.
    const often = prepared.filter((/** @type {string} */ sql) => !sql.includes("FROM daily_counts WHERE day = ?1"));
    assert.ok(prepared.length - often.length <= 2);
    const steps = (await Promise.all(often.map(plan))).flat();
    assert.ok(
      steps.some(({ detail }) => /^SEARCH q USING COVERING INDEX provisioning_queue_due/.test(detail)),
      "what is due is read off an index",
    );
    assert.deepEqual(
      steps.filter(({ detail, growing }) => growing.has(/^SCAN (\w+)/.exec(detail)?.[1] ?? "")),
      [],
    );
  });

  /** The steps that SQLite takes for a statement, and what it calls the tables in it that grow. @param {string} sql */
  async function plan(sql) {
    const parameters = Math.max(0, ...Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number)));
    const steps = await service.sql(`EXPLAIN QUERY PLAN ${sql}`, ...Array(parameters).fill(null));
    const growing = new Set(
      Array.from(sql.matchAll(/\b(users|threedeye_\w+|provisioning_queue|audit_log)\b(?: ([a-z]\w*))?/g), ([, table, alias]) => [
        table,
        alias,
      ]).flat(),
    );
    return steps.map(({ detail }) => ({ sql, detail, growing }));
  }
});

describe("the price of the rest", () => {
  test("a run with nothing to do costs two D1 calls and no call to 3dEye", async () => {
    await service.addUser({ email: null });
    await warmUp();
    const answer = await service.backfill();
    assert.equal(answer.json.total, 0);
    assert.ok(roundTrips(answer) <= 2, `${roundTrips(answer)} D1 round trips`);
    assert.deepEqual(service.upstream().all, []);
  });

  test("a dry run costs two D1 calls and no call to 3dEye", async () => {
    await many(5);
    await warmUp();
    assert.ok(roundTrips(await service.backfill("?dryRun=true")) <= 2);
    assert.deepEqual(service.upstream().all, []);
  });

  test("the list, keys and ledger routes cost one D1 call each", async () => {
    for (const path of ["/admin/api-keys", "/admin/threedeye/backfill/runs"])
      assert.equal(roundTrips(await service.admin("GET", path)), 1, path);
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

/** What the acts of support and of the console may read, whatever the tables hold. */
describe("an act costs the same among many users", () => {
  const REASON = { json: { reason: "stuck" } };

  /** So many users with a finished account, and an audit row for each. @param {number} count */
  async function crowd(count) {
    const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
    for (const insert of [
      "INSERT INTO users (uuid, created_at) SELECT 'crowd-' || i, '2024-01-15T10:30:00.000Z' FROM n",
      `INSERT INTO threedeye_users (user_id, state, email_key, threedeye_id, password_sealed, created_at, updated_at)
       SELECT 'crowd-' || i, 'complete', 'crowd-' || i || '@residents.example', 'account-' || i, 'v2.x', 1, 1 FROM n`,
      `INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
       SELECT i, 'cron', 'threedeye.provision', 'crowd-' || i, 'created', 'req' FROM n`,
      `INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, finished_at)
       SELECT printf('run_%026d', i), iif(i % 2, 'cron', 'manual'), 'cron', 'req', iif(i % 9, 'completed', 'ended_early'), 50, i, i
       FROM n WHERE i <= 10000`,
    ])
      await service.sql(`${numbers} ${insert}`, count);
  }

  for (const count of [1_000, 100_000]) {
    test(`${count} of them`, async () => {
      const [user] = await many(1);
      await service.assertProvisioned(user);
      const [other] = await many(1);
      await crowd(count);
      await warmUp();
      /** @param {number} most @param {string} method @param {string} path @param {import("./support/http.mjs").Options} [order] */
      const within = async (most, method, path, order) => {
        const answer = await service.admin(method, path, order);
        assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
        assert.ok(rowsRead(answer) <= most, `${method} ${path} read ${rowsRead(answer)} rows`);
        return answer.json;
      };
      const of = `/admin/threedeye/users/${user.id}`;
      const order = { deleteRemote: true, preserveRoles: true };
      const { plan } = await within(30, "POST", `${of}/reset?dryRun=true`, { json: order });
      await within(90, "POST", `${of}/reset`, { json: { ...order, plan, ...REASON.json } });
      await within(60, "POST", `/admin/threedeye/users/${other.id}/provision`);
      await within(10, "POST", `/admin/users/${user.id}/two-factor/disable`, {
        json: { ...REASON.json, verifiedBy: "callback" },
      });
      await within(4, "DELETE", `/admin/users/${user.id}/push-tokens/push_1`);
      const runs = "/admin/threedeye/backfill/runs";
      for (const query of ["", "&trigger=cron", "&status=ended_early", "&trigger=cron&status=ended_early"]) {
        const { next } = await within(2 * 51, "GET", `${runs}?limit=50${query}`);
        await within(2 * 51 + 2, "GET", `${runs}?limit=50${query}&before=${next}`);
      }
      await within(8, "PUT", "/admin/threedeye/pause", { json: { paused: true, ...REASON.json } });
      await within(8, "PUT", "/admin/threedeye/pause", { json: { paused: false, ...REASON.json } });
      await service.sql(
        "INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at) VALUES ('run_01JZX0000000000000000000EX', 'cron', 'cron', 'req', 'running', 50, 1)",
      );
      await within(12, "POST", `${runs}/run_01JZX0000000000000000000EX/stop`, REASON);
      await service.admin("POST", "/admin/instances", { json: { name: "rivia" } });
      const made = await service.admin("POST", "/admin/instances/rivia/users", { json: { username: "geralt" } });
      await within(8, "POST", `/admin/instances/rivia/users/${made.json.id}/reset-key`, REASON);
    });
  }
});
