/** Numbers, alerts and retention, by HTTPS calls and the cron trigger, on a real D1. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createHttpServer } from "../dev/tooling/http-server.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** Rows that a scrape may read. */
const MAX_SCRAPED = 40;
/** Rows that a scheduled run may read and write where no user is due and nothing is old. */
const IDLE = { read: 120, written: 10 };
/** What an old audit row adds: it is found, looked up, and taken out of the table and its indexes. */
const AN_OLD_ROW = { read: 5, written: 1 };

const DAY_MS = 24 * 60 * 60_000;

const receiver = await receiverForThisFile();
const { url: monitor, beats } = await monitorForThisFile();
const { vars, secrets } = receiver.settings;
const service = await serviceForThisFile({
  instrumented: true,
  vars: { ...vars, ALERT_WEBHOOK_URL: receiver.url, ALERT_HEARTBEAT_URL: monitor, ALERT_QUARANTINED: "3" },
  secrets,
});

/** A monitor that counts signs of life. */
async function monitorForThisFile() {
  /** @type {string[]} */
  const heard = [];
  const server = createHttpServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end("OK");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/ping`, beats: () => heard.splice(0) };
}

/** Adds users in quarantine. @param {string} prefix @param {number} count */
const quarantine = (prefix, count) =>
  service.sql(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO threedeye_users (user_id, state, created_at, updated_at) SELECT ?2 || i, 'quarantined', ?3, ?3 FROM n`,
    count,
    prefix,
    Date.now(),
  );

/** What the receiver of alerts was told since it was asked last. */
function alerts() {
  const told = receiver.deliveries.splice(0);
  assert.ok(told.every(({ genuine }) => genuine));
  return told.map(({ notice }) => {
    const { type, name, status, text } = /** @type {any} */ (notice);
    assert.equal(type, "alert");
    assert.match(text, /^spkey-edge, \w+: ./);
    return `${name} ${status}`;
  });
}

async function scrape() {
  const answer = await service.admin("GET", "/metrics");
  assert.equal(answer.status, 200);
  const samples = answer.text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return {
    cost: [Number(answer.headers["x-d1-round-trips"]), Number(answer.headers["x-d1-rows-read"])],
    values: Object.fromEntries(samples.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))])),
  };
}

/** What a scheduled run costs of D1. */
async function scheduled() {
  const before = await service.instruments({});
  await service.scheduled();
  const now = await service.instruments({});
  return { read: now.rowsReadOfEvents - before.rowsReadOfEvents, written: now.rowsWrittenOfEvents - before.rowsWrittenOfEvents };
}

test("a scrape by an API key costs one call of D1 and few rows, also where much is wrong", async () => {
  await service.addUser();
  await quarantine("much-", 500);
  await service.sql(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
     INSERT INTO threedeye_users (user_id, state, last_error, error_code, created_at, updated_at)
     SELECT 'failing-' || i, 'pending', 'x', 'reason_' || (i % 7), 1, 1 FROM n`,
  );
  await service.scheduled();
  const { cost, values } = await scrape();
  assert.equal(cost[0], 1);
  assert.ok((cost[1] ?? Infinity) <= MAX_SCRAPED, `${cost[1]} rows`);
  assert.equal(values.spkey_users_quarantined, 500);
  assert.equal(values['spkey_users_failing{reason="reason_0"}'], 42);
  assert.equal(values['spkey_outcomes_total{outcome="created"}'], 1);
  assert.ok(values.spkey_database_size_bytes > 100_000, `${values.spkey_database_size_bytes} bytes`);
  assert.ok(values.spkey_gauges_age_seconds < 60);
  const made = await service.admin("POST", "/admin/api-keys", { json: { scopes: ["metrics:read"], label: "Prometheus" } });
  const byKey = await service.call("GET", "/metrics", { headers: { authorization: `Bearer ${made.json.key}` } });
  assert.equal(byKey.status, 200);
  assert.equal(byKey.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
});

test("an alert rings once when it begins and once when it ends, also where the receiver was down", async () => {
  await service.scheduled();
  assert.deepEqual(alerts(), []);
  await quarantine("few-", 4);
  receiver.answers(500);
  await service.scheduled();
  assert.deepEqual(alerts(), ["quarantined firing"]);
  receiver.answers(204);
  await service.scheduled();
  assert.deepEqual(alerts(), ["quarantined firing"]);
  await service.scheduled();
  assert.deepEqual(alerts(), []);
  await service.sql("UPDATE threedeye_users SET updated_at = updated_at - 3600000");
  await service.scheduled();
  assert.deepEqual(alerts(), ["quarantined resolved"]);
});

test("a monitor hears of a run that went to its end, and of none that had no database", async () => {
  beats();
  await service.scheduled();
  assert.deepEqual(beats(), ["GET /ping"]);
  await service.instruments({ sparedRoundTrips: 0 });
  await service.scheduled();
  await service.instruments({ sparedRoundTrips: null });
  assert.deepEqual(beats(), []);
});

test("what is old is deleted a thousand rows at a time, and costs nothing where nothing is", async () => {
  const old = Date.now() - 401 * DAY_MS;
  /** @param {number} count @param {number} at */
  const leave = (count, at) =>
    service.sql(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO audit_log (at, actor, action, subject, outcome, request_id) SELECT ?2, 'cron', 'x', 'u' || i, 'x', 'x' FROM n`,
      count,
      at,
    );
  await leave(1_500, old);
  await leave(20_000, Date.now());
  await service.scheduled(); // which counts the users of the day
  const [{ left }] = await service.sql("SELECT count(*) AS left FROM audit_log WHERE at = ?", old);
  assert.equal(left, 500);
  const some = await scheduled();
  const none = await scheduled();
  console.log(`# a scheduled run with nothing to do: ${JSON.stringify(none)}; with 500 old audit rows: ${JSON.stringify(some)}`);
  assert.ok(none.read <= IDLE.read && none.written <= IDLE.written, JSON.stringify(none));
  assert.ok(some.read - none.read <= 500 * AN_OLD_ROW.read + 5, JSON.stringify(some));
  assert.ok(some.written - none.written <= 500 * AN_OLD_ROW.written, JSON.stringify(some));
  assert.equal((await service.sql("SELECT count(*) AS left FROM audit_log WHERE at = ?", old))[0].left, 0);
});
