/** What the trail, the outbox, the overview and the charts cost of D1: as much among a hundred thousand rows as among a thousand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });

const DAY = 86_400_000;
/** A page is 50 entries, and one more to know whether there is another. */
const PAGE = 51;

/** @param {Answer} answer */
const cost = ({ headers }) => ["round-trips", "rows-read"].map((what) => Number(headers[`x-d1-${what}`]));

/** Rows from `before` to `count`, as `n (i)`. */
const NUMBERS = "WITH RECURSIVE n (i) AS (SELECT ?1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";

/** @param {string} table */
const size = async (table) => (await service.sql(`SELECT count(*) AS count FROM ${table}`))[0].count;

/** Lets the trail and the users grow: of fifty entries one is a person's, of ten users one is in quarantine. @param {number} count */
async function grow(count) {
  await service.sql(
    `${NUMBERS} INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
     SELECT 1700000000000 + i * 1000, iif(i % 50, 'cron', 'operator:op_1 s***@smartphonekey.com'), 'threedeye.provision',
            'user-' || i % 40, 'created', 'req_01JZX0000000000000000000EX' FROM n`,
    await size("audit_log"),
    count,
  );
  const users = await size("users");
  await service.sql(
    `${NUMBERS} INSERT INTO users (uuid, email, created_at)
     SELECT 'user-' || i, i || '@residents.example', '2024-01-15T10:30:00.000Z' FROM n`,
    users,
    count,
  );
  await service.sql(
    `${NUMBERS} INSERT INTO threedeye_users (user_id, state, email_key, password_sealed, last_error, created_at, updated_at)
     SELECT 'user-' || i, CASE i % 10 WHEN 0 THEN 'quarantined' WHEN 1 THEN 'pending' ELSE 'complete' END,
            i || '@residents.example', 'x', iif(i % 10 < 2, 'why', NULL), 1, i FROM n`,
    users,
    count,
  );
  await service.sql(
    `${NUMBERS} INSERT INTO second_factors (user_id, totp_failures, totp_locked_until) SELECT 'user-' || i, i % 7, i % 3 FROM n`,
    users,
    count,
  );
  await service.sql(
    `${NUMBERS} INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at)
     SELECT printf('ntc_%06d', i), iif(i % 2, 'email_changed', 'two_factor_enabled'), 'user-' || i, 'x', 1, i % 4 = 0, i FROM n`,
    await size("notices"),
    count,
  );
}

/** Ninety days of charts, as they are written. @param {number} now */
async function chart(now) {
  const today = Math.floor(now / DAY);
  await service.sql(
    `WITH RECURSIVE d (day) AS (SELECT ?1 - 90 UNION ALL SELECT day + 1 FROM d WHERE day < ?1)
     INSERT INTO daily_counts (day, name, detail, value, hours) SELECT day, name, detail, 24, '{"0":24}' FROM d, (
       SELECT column1 AS name, column2 AS detail FROM (VALUES
         ('created', ''), ('adopted', ''), ('replaced', ''), ('roles_attached', ''), ('users', ''), ('complete', ''),
         ('failed', 'unavailable'), ('failed', 'rate_limited'), ('failed', 'answer_lost'), ('failed', 'roles_pending'),
         ('quarantined', 'orphan'), ('set_aside', 'duplicate'),
         ('time', '60'), ('time', '300'), ('time', '900'), ('time', '3600'), ('time', '86400'), ('time', 'more')))`,
    today,
  );
  await service.sql(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 8640)
     INSERT INTO depth_samples (at, waiting, due, oldest_due_at, notices) SELECT ?1 - i * 900000, i, 1, 1, 0 FROM n`,
    now,
  );
}

/** Each with the rows that it may read, in one call of D1. @type {[string, number][]} */
const READS = [
  ["audit", 3 * PAGE + 3],
  ["audit?people=true", 3 * PAGE + 3],
  ["audit?subject=user-7", 3 * PAGE + 3],
  ["audit?subject=nobody", 3],
  // Looked for among the latest.
  ["audit?action=threedeye.reset", 2050],
  ["audit?actor=operator", 2050],
  ["audit?requestId=req_none", 2050],
  ["audit?people=true&action=threedeye.reset", 2050],
  ["audit?to=2023-11-14T22:20:00Z", 2050],
  ["audit?from=2023-11-14T22:20:00Z&to=2023-11-14T22:21:00Z", 2050],
  ["audit/export", 5005],
  ["audit/export?people=true", 5005],
  ["notices", 2 * PAGE],
  ["notices?state=failing", 2 * PAGE],
  ["notices?type=email_changed", 2 * PAGE],
  ["notices?type=two_factor_enabled&state=failing", 2 * PAGE],
  ["notices?userId=user-7", 5],
  ["stats", 1300],
  ["system", 2],
];

test("among 100,000 rows as among 1,000", async () => {
  const now = Date.now();
  await chart(now);
  for (const count of [1_000, 100_000]) {
    await grow(count);
    for (const [path, rows] of READS) {
      const answer = await service.admin("GET", `/admin/${path}`);
      assert.equal(answer.status, 200, `${path}: ${answer.text}`);
      const [roundTrips, rowsRead] = cost(answer);
      assert.equal(roundTrips, 1, path);
      assert.ok(rowsRead >= 1 && rowsRead <= rows, `${path} of ${count}: ${rowsRead} rows read`);
    }
    // Older than what the isolate keeps.
    await service.instruments({ aheadMs: count === 1_000 ? 11_000 : 22_000 });
    const [roundTrips, rowsRead] = cost(await service.admin("GET", "/admin/overview"));
    assert.equal(roundTrips, 1);
    assert.ok(rowsRead > 1_001 && rowsRead <= 8_100, `overview of ${count}: ${rowsRead} rows read`);
    const [again] = cost(await service.admin("GET", "/admin/overview"));
    assert.equal(again, 0, "for ten seconds it is told again");
    await service.instruments({ aheadMs: 0 });
  }
});

test("one notice is changed by its id, and many up to a thousand", async () => {
  await grow(3_000);
  const [, dropped] = cost(await service.admin("DELETE", "/admin/notices/ntc_000007"));
  assert.ok(dropped >= 1 && dropped <= 6, `${dropped} rows read`);
});
