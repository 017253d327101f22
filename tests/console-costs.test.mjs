/** What signing in, sessions and operators cost, counted: round trips to D1 and rows read. None of it depends on the users. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { addOperators, consoleSettings, emailOf, sessionOf } from "./support/operators.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({
  ...consoleSettings({ clientId: "console-of-costs", clientSecret: "client-secret-of-costs" }),
  instrumented: true,
});

/** @param {import("./support/http.mjs").Answer} answer @param {{roundTrips: number, rows: number}} budget */
function assertCosts(answer, { roundTrips, rows }) {
  assert.ok(answer.status < 400, answer.text);
  const spent = { roundTrips: Number(answer.headers["x-d1-round-trips"]), rows: Number(answer.headers["x-d1-rows-read"]) };
  assert.ok(spent.roundTrips >= 1 && spent.roundTrips <= roundTrips, JSON.stringify(spent));
  assert.ok(spent.rows >= 1 && spent.rows <= rows, JSON.stringify(spent));
}

/** @param {number} count */
const manyOperators = (count) =>
  service.sql(
    `WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?)
     INSERT INTO operators (id, email_key, role, created_at, created_by)
     SELECT 'op_' || printf('%026d', value), 'many-' || value || '@smartphonekey.com', 'viewer', 1, 'test' FROM numbers`,
    count,
  );

/** @param {string} operators a condition @param {number} each @param {number} endsAt */
const manySessions = (operators, each, endsAt) =>
  service.sql(
    `WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?1)
     INSERT INTO console_sessions (id_hash, operator_id, created_at, authenticated_at, seen_at, ends_at)
     SELECT id || '-' || value || '-' || ?2, id, 1, 1, ?3, ?2 FROM operators, numbers WHERE ${operators}`,
    each,
    endsAt,
    Date.now(),
  );

const LATER = 32_503_680_000_000;

test("a request with a session reads it and its operator, beside what the request is about", async () => {
  await addOperators(service);
  await manyOperators(200);
  await manySessions("role = 'viewer'", 3, LATER);
  const session = await sessionOf(service, emailOf("support"));
  const own = await service.call("GET", "/console/session", { headers: session });
  assertCosts(own, { roundTrips: 1, rows: 2 });
  const runs = await service.call("GET", "/admin/threedeye/backfill/runs", { headers: session });
  assertCosts(runs, { roundTrips: 2, rows: 3 });
});

test("the admin pair costs no call more than before there were sessions", async () => {
  assertCosts(await service.admin("GET", "/admin/api-keys"), { roundTrips: 1, rows: 1 });
});

test("a page of operators counts their open sessions", async () => {
  await addOperators(service);
  await manyOperators(100);
  await manySessions("email_key LIKE 'many-%'", 1, LATER);
  const listed = await service.admin("GET", "/admin/operators");
  assertCosts(listed, { roundTrips: 1, rows: 200 });
  assert.equal(listed.json.operators.length, 50);
});

test("one's own sessions are found by their index", async () => {
  await addOperators(service);
  await manyOperators(200);
  await manySessions("email_key LIKE 'many-%'", 3, LATER);
  const session = await sessionOf(service, emailOf("support"));
  assertCosts(await service.call("GET", "/console/sessions", { headers: session }), { roundTrips: 2, rows: 6 });
});

test("what a scheduled run deletes of sessions that have ended is bounded", async () => {
  await addOperators(service);
  await manyOperators(100);
  await manySessions("email_key LIKE 'many-%'", 5, 1);
  await manySessions("email_key LIKE 'many-%'", 5, LATER);
  const left = async () => (await service.sql("SELECT count(*) AS n FROM console_sessions"))[0].n;
  await service.scheduled();
  assert.equal(await left(), 800);
  for (let count = 0; count < 3; count += 1) await service.scheduled();
  assert.equal(await left(), 500);
});
