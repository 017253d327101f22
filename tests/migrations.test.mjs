/** What the schema itself keeps in order, whichever service writes. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { before, describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const FOLDER = new URL("../migrations/", import.meta.url);
const FILES = readdirSync(FOLDER).sort();
/** Those that were released, by the beginning of their SHA-256. Add one with the release that brings it; change none. */
const RELEASED = /** @type {Record<string, string>} */ ({
  "0001_users.sql": "a64525c44b4da58e0bba2c725010be3d",
  "0002_access.sql": "998f9eb9183d5f8bfaddff2863c2e288",
  "0003_provisioning.sql": "65e3b77edad2e23fd6df8a1f7d92e0ca",
  "0004_offboarding.sql": "305e5ae128053c0579a2d32f6ff4ed08",
  "0005_user_keys.sql": "cc7cde94f68a7c3b8a4ba5e33b8dff3d",
  "0006_account.sql": "c5e33d8276e2bd18e87c8814caa34a73",
  "0007_runs.sql": "ee5750893745ef5667ba083e636faea4",
  "0008_operators.sql": "a73b821ef2cd17ddf8ccc0632020d2fb",
  "0009_metrics.sql": "cfec71af4d9fb8792c2f9ad8b68db79a",
  "0010_alerts.sql": "99daa1e9f3ef3dfe9e39395ec46ee349",
  "0011_bulk.sql": "cf043fcee534905f68722f6bf510706f",
  "0012_bulk_users_by_user.sql": "9b8dde9793fa991725f9a40606707466",
});
const service = await serviceForThisFile({ migrated: false });

/** What each migration left the version at. @type {number[]} */
const versions = [];

before(async () => {
  for (const file of FILES) {
    await service.migrate((name) => name === file);
    versions.push((await service.sql("SELECT version FROM schema_version"))[0].version);
  }
});

const add = (/** @type {string} */ id, /** @type {string} */ email) =>
  service.sql(`INSERT INTO users (uuid, email, created_at) VALUES (${id}, ?, '2024-01-15T10:30:00.000Z')`, email);
const queue = () => service.sql("SELECT user_id, email_key, due_at FROM provisioning_queue ORDER BY user_id");
const queued = async () => (await queue()).map((row) => row.user_id);
const waiting = async () => (await service.sql("SELECT value FROM provisioning_totals WHERE name = 'waiting'"))[0].value;

test("a migration that was released is never edited", () => {
  for (const [file, expected] of Object.entries(RELEASED)) {
    const hash = createHash("sha256").update(readFileSync(new URL(file, FOLDER)));
    assert.equal(hash.digest("hex").slice(0, expected.length), expected, `${file}: make a new migration instead`);
  }
});

test("every migration raises the version", () => {
  assert.deepEqual(
    versions,
    FILES.map((_, index) => index + 1),
  );
});

test("all tables are strict, but for those that other services write to", async () => {
  const tables = await service.sql(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
  );
  assert.ok(tables.length > 20);
  assert.deepEqual(
    tables.filter(({ sql }) => !/\)\s*STRICT\b/.test(sql)).map(({ name }) => name),
    ["provisioning_queue", "users", "users_displaced"],
  );
});

test("a user that a REPLACE removed is not in the queue any more, and a provisioned one is not in it", async () => {
  await service.sql(`INSERT INTO users (uuid, email, created_at, auth_subject) VALUES ('new', 'New@x.example', '2024-01-15', NULL), ('gone', 'gone@x.example', '2024-01-15', 's'),
    ('done', 'done@x.example', '2024-01-15', NULL), ('tried', 'tried@x.example', '2024-01-15', NULL)`);
  await service.sql(
    "INSERT OR REPLACE INTO users (uuid, email, created_at, auth_subject) VALUES ('heir', 'heir@x.example', '2024-01-15', 's')",
  );
  await service.sql(`INSERT INTO threedeye_users (user_id, state, email_key, threedeye_id, password_sealed, attempts, last_error, next_attempt_at, lease_token, lease_until, created_at, updated_at)
    VALUES ('done', 'complete', 'done@x.example', '77', 'sealed', 0, NULL, NULL, NULL, 0, 1, 2), ('tried', 'pending', 'tried@x.example', NULL, 'sealed', 3, 'why', 9, 'lease_x', 8, 3, 4)`);
  await service.sql("UPDATE provisioning_queue SET due_at = length(user_id)");
  assert.deepEqual(await queue(), [
    { user_id: "heir", email_key: "heir@x.example", due_at: 4 },
    { user_id: "new", email_key: "new@x.example", due_at: 3 },
    { user_id: "tried", email_key: "tried@x.example", due_at: 5 },
  ]);
  assert.equal(await waiting(), 3);
  await assert.rejects(service.sql("UPDATE threedeye_users SET threedeye_id = '77'"), /UNIQUE/);
  await assert.rejects(service.sql("UPDATE threedeye_users SET email_key = 'done@x.example'"), /UNIQUE/);
  await assert.rejects(service.sql("UPDATE threedeye_users SET state = 'other'"), /CHECK/);
});

test("a user leaves with its keys, however its row goes", async () => {
  await service.sql(
    `INSERT INTO users (uuid, created_at, auth_subject) VALUES ('deleted', '2024-01-15', NULL), ('moved', '2024-01-15', NULL), ('displaced', '2024-01-15', 's9'), ('stays', '2024-01-15', 's8')`,
  );
  await service.sql(
    "INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at) SELECT uuid, uuid, '[]', uuid, 1 FROM users WHERE uuid IN ('deleted', 'moved', 'displaced', 'stays')",
  );
  await service.sql("DELETE FROM users WHERE uuid = 'deleted'");
  await service.sql("UPDATE users SET uuid = 'other' WHERE uuid = 'moved'");
  await service.sql("INSERT OR REPLACE INTO users (uuid, created_at, auth_subject) VALUES ('heir', '2024-01-15', 's9')");
  await service.sql("INSERT OR REPLACE INTO users (uuid, created_at, auth_subject) VALUES ('stays', '2024-01-15', 's8')");
  await service.sql("INSERT OR IGNORE INTO users (uuid, created_at, auth_subject) VALUES ('late', '2024-01-15', 's8')");
  await add("'next'", "next@x.example");
  assert.deepEqual(await service.sql("SELECT id FROM api_keys WHERE revoked_at IS NULL"), [{ id: "stays" }]);
});

describe("the queue leaves out users that no run could take up, without refusing their rows", () => {
  const long = `${"a".repeat(900_000)}@x.example`;

  test("when they are added", async () => {
    await add("x'0102'", "blob@x.example");
    await add("'fit'", "fit@x.example");
    await add("'long'", long);
    await add(`'${"i".repeat(513)}'`, "id@x.example");
    assert.equal((await service.sql("SELECT count(*) AS users FROM users"))[0].users, 4);
    assert.deepEqual(await queued(), ["fit"]);
    assert.equal(await waiting(), 1);
  });

  test("when they are changed", async () => {
    for (const id of ["email", "id", "fit"]) await add(`'${id}'`, `${id}@x.example`);
    assert.equal(await waiting(), 3);
    await service.sql("UPDATE users SET email = ? WHERE uuid = 'email'", long);
    await service.sql("UPDATE users SET uuid = x'0102' WHERE uuid = 'id'");
    assert.deepEqual(await queued(), ["fit"]);
    assert.equal(await waiting(), 1);
  });
});

test("a saved list of roles is a JSON array of strings", async () => {
  const save = (/** @type {string} */ roles) =>
    service.sql(
      "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES ('ada', ?, 1) ON CONFLICT DO UPDATE SET role_ids = excluded.role_ids",
      roles,
    );
  const unreadable = ["", "r1", "['r1']", "{}", "[1]", '["r1",null]', "[]\0", '["\\uD800"]', '["r1","\\\\\\udfff"]'];
  for (const roles of unreadable) await assert.rejects(save(roles), /CHECK|JSON/, roles);
  await save('["r1"]');
  for (const roles of unreadable) await assert.rejects(save(roles), /CHECK|JSON/, roles);
  await assert.rejects(service.sql("UPDATE threedeye_recovery SET role_ids = CAST(role_ids AS BLOB)"), /BLOB|JSON/);
  await save('["r1","\\\\ud800 \\u0007"]');
});
