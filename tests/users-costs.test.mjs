/** What finding and showing users costs of D1: as much among a hundred thousand users as among a thousand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });

/** @param {Answer} answer */
const cost = ({ headers }) => ["round-trips", "rows-read"].map((what) => Number(headers[`x-d1-${what}`]));

/**
 * Adds users up to this number, in all states, each with a phone number and a second factor.
 * @param {number} count
 */
async function grow(count) {
  const [{ before }] = await service.sql("SELECT count(*) AS before FROM users");
  await service.sql(
    `WITH RECURSIVE n (i) AS (SELECT ?1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO users (uuid, email, phone_number, created_at, auth_subject)
     SELECT printf('%06d-user', i), printf('resident%06d@residents.example', i), printf('+4917%07d', i),
            '2024-01-15T10:30:00.000Z', 'auth0|' || i FROM n`,
    before,
    count,
  );
  await service.sql(
    `INSERT INTO threedeye_users (user_id, state, email_key, password_sealed, threedeye_id, attempts, last_error, error_code, created_at, updated_at)
     SELECT uuid, CASE rowid % 8 WHEN 0 THEN 'quarantined' WHEN 1 THEN 'pending' WHEN 2 THEN 'attaching' ELSE 'complete' END,
            email_key, iif(email_key IS NULL, NULL, 'x'), 'account-' || rowid, 1,
            CASE WHEN rowid % 8 < 3 THEN 'why' END,
            CASE rowid % 8 WHEN 0 THEN 'orphan' WHEN 1 THEN 'unavailable' WHEN 2 THEN 'roles_pending' END, 1, rowid
     FROM users WHERE rowid % 8 < 7 AND rowid > ?1`,
    before,
  );
  await service.sql("INSERT INTO second_factors (user_id, secret_sealed) SELECT uuid, 'x' FROM users WHERE rowid > ?1", before);
  await service.sql(
    "UPDATE second_factors SET totp_failures = 100 WHERE user_id IN (SELECT uuid FROM users WHERE rowid % 90 = 0 AND rowid > ?1)",
    before,
  );
  // Locks that are over, many times as many.
  await service.sql(
    `UPDATE second_factors SET totp_failures = 5, totp_locked_until = 1
     WHERE user_id IN (SELECT uuid FROM users WHERE rowid % 9 = 1 AND rowid > ?1)`,
    before,
  );
}

/** A user with more of everything than is shown. */
async function settle() {
  const id = "000008-user";
  /** @param {number} count @param {string} into */
  const many = (count, into) =>
    service.sql(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) ${into} FROM n`);
  await many(
    20,
    `INSERT INTO push_tokens (id, token_hash, token_sealed, user_id, platform, created_at, last_seen_at)
     SELECT 'push_' || i, i, 'x', '${id}', 'ios', i, i`,
  );
  await many(
    10,
    `INSERT INTO backup_codes (user_id, code_hash, code_sealed, position, used_at) SELECT '${id}', i, 'x', i, iif(i < 5, 1, NULL)`,
  );
  // The newest are revoked: only an index passes them over.
  await many(
    2000,
    `INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at, revoked_at)
     SELECT printf('key_01JZX000000000000000%06d', i), i, '["threedeye:read"]', '${id}', i, iif(i > 100, 1, NULL)`,
  );
  await many(
    200,
    `INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
     SELECT i, 'cron', 'threedeye.provision', '${id}', 'x', 'req_01JZX0000000000000000000EX'`,
  );
  await many(500, "INSERT INTO dashboards (team_id, name, created_at) SELECT i % 5 + 1, 'x', i");
  return id;
}

/** A page is 50 users, and one more to know whether there is another. */
const PAGE = 51;
/** What a user in a list costs: the row, its state, its second factor. */
const LISTED = 3 * PAGE;

/** Each with the round trips and rows that it may cost. @type {[string, number, number, (id: string) => Promise<Answer>][]} */
const CALLS = [
  ...Object.entries({
    resident0: ["email", LISTED],
    "resident000077@residents.example": ["email", 10],
    "residents.example": ["emailDomain", LISTED],
    "+4917": ["phone", LISTED],
    "0000": ["userId", LISTED + 2],
    "000077-user": ["userId", 10],
    "account-77": ["threedeyeUserId", 10],
    "auth0|77": ["subject", 10],
    nobody: ["userId", 10],
  }).map(
    ([query, [by, rows]]) =>
      /** @type {[string, number, number, (id: string) => Promise<Answer>]} */ ([
        `search for ${query} by ${by}`,
        by === "userId" || by === "phone" ? 2 : 1,
        Number(rows) + 8,
        () => service.admin("POST", "/admin/users/search", { json: { query, by } }),
      ]),
  ),
  ...[
    "resident0",
    "resident000077@residents.example",
    "@residents.example",
    "+49 17",
    "000077",
    "account-77",
    "auth0|77",
    "?",
  ].map(
    (query) =>
      /** @type {[string, number, number, (id: string) => Promise<Answer>]} */ ([
        `search for ${query}`,
        2,
        LISTED + 20,
        () => service.admin("POST", "/admin/users/search", { json: { query } }),
      ]),
  ),
  ...[
    "",
    "?state=quarantined",
    "?state=failing",
    "?state=attaching",
    "?state=set_aside",
    "?state=leaving",
    "?state=left_in_place",
  ].map(
    (query) =>
      /** @type {[string, number, number, (id: string) => Promise<Answer>]} */ ([
        `users${query}`,
        1,
        LISTED + 2,
        () => service.admin("GET", `/admin/users${query}`),
      ]),
  ),
  ["those waiting", 1, LISTED + PAGE, () => service.admin("GET", "/admin/users?state=waiting")],
  ["those locked out", 1, LISTED + PAGE + 2, () => service.admin("GET", "/admin/users?state=locked_out")],
  ["those of a reason", 1, LISTED + 2, () => service.admin("GET", "/admin/users?reason=orphan")],
  ["those of a state and a reason", 1, LISTED + 2, () => service.admin("GET", "/admin/users?state=failing&reason=unavailable")],
  ["those of a reason that none has", 1, 2, () => service.admin("GET", "/admin/users?state=failing&reason=orphan")],
  ["a user", 1, 120, (id) => service.admin("GET", `/admin/users/${id}`)],
  ["a reveal", 1, 8, (id) => service.admin("POST", `/admin/users/${id}/reveal`, { json: { fields: ["email"], reason: "x" } })],
  ["keys in force", 1, 2 * PAGE, () => service.admin("GET", "/admin/api-keys")],
  ["all keys", 1, 2 * PAGE, () => service.admin("GET", "/admin/api-keys?revoked=true")],
  ["keys of a user", 1, 2 * PAGE, (id) => service.admin("GET", `/admin/api-keys?revoked=true&userId=${id}`)],
  ["dashboards", 1, PAGE, () => service.admin("GET", "/admin/dashboards")],
  ["dashboards of a team", 1, PAGE, () => service.admin("GET", "/admin/dashboards?teamId=3")],
];

test("a complete user costs no row more to write than before the lists", async () => {
  const user = await service.addUser();
  await service.credentials(user);
  const [{ count }] = await service.sql(
    "SELECT count(*) AS count FROM threedeye_users WHERE last_error IS NOT NULL OR error_code IS NOT NULL",
  );
  assert.equal(count, 0, "it is in neither index of what support looks at");
});

test("among 100,000 users as among 1,000", async () => {
  await grow(1_000);
  const id = await settle();
  for (const count of [1_000, 100_000]) {
    await grow(count);
    for (const [what, trips, rows, call] of CALLS) {
      const answer = await call(id);
      assert.equal(answer.status, 200, `${what}: ${answer.text}`);
      const [roundTrips, rowsRead] = cost(answer);
      assert.ok(roundTrips >= 1 && roundTrips <= trips, `${what} of ${count}: ${roundTrips} round trips`);
      assert.ok(rowsRead <= rows, `${what} of ${count}: ${rowsRead} rows read`);
      if (answer.json.next) assert.ok(rowsRead > 50, `${what} of ${count}: ${rowsRead} rows for a whole page`);
    }
  }
});
