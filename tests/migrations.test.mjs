/** What a migration makes of the rows it finds. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ migrated: false });

test("the lean queue keeps every row and place, and drops whom a REPLACE took away", async () => {
  const now = "'2024-01-15T10:30:00.000Z'";
  await service.migrate((file) => file < "0004");
  await service.sql(`INSERT INTO users (uuid, email, created_at, auth_subject) VALUES ('new', 'New@x.example', ${now}, NULL), ('gone', 'gone@x.example', ${now}, 's'),
    ('done', 'done@x.example', ${now}, NULL), ('tried', 'tried@x.example', ${now}, NULL)`);
  await service.sql(
    `INSERT OR REPLACE INTO users (uuid, email, created_at, auth_subject) VALUES ('heir', 'heir@x.example', ${now}, 's')`,
  );
  await service.sql(`INSERT INTO threedeye_users (user_id, state, email_key, threedeye_id, password_sealed, attempts, last_error, next_attempt_at, lease_token, lease_until, created_at, updated_at)
    VALUES ('done', 'complete', 'done@x.example', '77', 'sealed', 0, NULL, NULL, NULL, 0, 1, 2), ('tried', 'pending', 'tried@x.example', NULL, 'sealed', 3, 'why', 9, 'lease_x', 8, 3, 4)`);
  await service.sql("UPDATE provisioning_queue SET due_at = length(user_id)");
  const mappings = () => service.sql("SELECT * FROM threedeye_users ORDER BY user_id");
  const added = { settled_at: 0, forgotten_email: null, forgotten_threedeye_id: null, forgotten_password: null };
  const before = (await mappings()).map((row) => ({ ...row, ...added }));

  await service.migrate((file) => file.startsWith("0004"));
  assert.deepEqual(await mappings(), before);
  assert.deepEqual(await service.sql("SELECT * FROM provisioning_queue ORDER BY user_id"), [
    { user_id: "heir", email_key: "heir@x.example", due_at: 4 },
    { user_id: "new", email_key: "new@x.example", due_at: 3 },
    { user_id: "tried", email_key: "tried@x.example", due_at: 5 },
  ]);
  assert.deepEqual(await service.sql("SELECT * FROM provisioning_totals"), [{ name: "waiting", value: 3 }]);
  await assert.rejects(service.sql("UPDATE threedeye_users SET threedeye_id = '77'"), /UNIQUE/);
  await assert.rejects(service.sql("UPDATE threedeye_users SET email_key = 'done@x.example'"), /UNIQUE/);
  await assert.rejects(service.sql("UPDATE threedeye_users SET state = 'other'"), /CHECK/);
});

test("the queue's bounds turn out whom no run could take up", async () => {
  await service.migrate((file) => file >= "0005" && file < "0007");
  /** @param {string} id @param {string | number | null} email */
  const add = (id, email) =>
    service.sql(`INSERT INTO users (uuid, email, created_at) VALUES (${id}, ?, '2024-01-15T10:30:00.000Z')`, email);
  await add("x'0102'", "blob@x.example");
  await add("'fit'", "fit@x.example");
  await add("'long'", `${"a".repeat(900_000)}@x.example`);
  const waiting = async () => (await service.sql("SELECT value FROM provisioning_totals"))[0].value;
  assert.equal(await waiting(), 3);
  await service.migrate((file) => file.startsWith("0007"));
  assert.deepEqual(
    (await service.sql("SELECT user_id FROM provisioning_queue ORDER BY user_id")).map((row) => row.user_id),
    ["fit"],
  );
  assert.equal(await waiting(), 1);
});
