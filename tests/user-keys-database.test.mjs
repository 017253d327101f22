/** What is revoked or deleted in the database opens nothing from then on; and what its tables refuse to hold. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { addInstance, assertDetail, EVERY_ROUTE, keyHeaders, NO_KEY, NOT_FOUND } from "./support/instances.mjs";
import { keyResets } from "./support/key-resets.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile();
const { own, reset } = keyResets(service);

describe("what stops being good", () => {
  test("a revoked key, at once and for every route", async () => {
    const { name, account, program, ada } = await addInstance(service);
    for (const { id, key } of [account.full, program.ignoreAcl]) {
      const headers = { "x-api-key": key };
      const path = `/v1/instances/${name}/users/${ada.id}/`;
      assert.equal((await service.call("GET", path, { headers })).status, 200);
      await service.sql("UPDATE instance_keys SET revoked_at = 1 WHERE id = ?", id);
      for (const route of EVERY_ROUTE)
        assertDetail(await service.call(route.method, route.path(name, ada.id), { headers }), 403, NO_KEY);
    }
  });

  test("the key of a user that was deleted", async () => {
    const instance = await addInstance(service);
    assert.equal((await own(instance, instance.ada.key)).status, 200);
    await service.sql("DELETE FROM instance_users WHERE id = ?", instance.ada.id);
    assertDetail(await own(instance, instance.ada.key), 403, NO_KEY);
    assertDetail(await reset(instance, instance.ada, keyHeaders(instance.account.full)), 404, NOT_FOUND);
  });

  test("everything of an instance that was deleted", async () => {
    const instance = await addInstance(service);
    await service.sql("DELETE FROM instances WHERE name = ?", instance.name);
    assertDetail(await reset(instance, instance.ada, keyHeaders(instance.account.full)), 403, NO_KEY);
  });
});

describe("the database refuses", () => {
  const REFUSED = /** @type {[string, string, RegExp][]} */ ([
    [
      "a second user with a key",
      "INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at) SELECT instance, 'eve', key_hash, 0, 0 FROM instance_users LIMIT 1",
      /UNIQUE constraint failed: instance_users\.key_hash/,
    ],
    [
      "a second user of a name",
      "INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at) SELECT instance, username, 'hash', 0, 0 FROM instance_users LIMIT 1",
      /UNIQUE constraint failed: instance_users\.instance, instance_users\.username/,
    ],
    [
      "a key that is there",
      "INSERT INTO instance_keys (id, key_hash, instance, created_at) SELECT 'another', key_hash, instance, 0 FROM instance_keys LIMIT 1",
      /UNIQUE constraint failed: instance_keys\.key_hash/,
    ],
    ["a role that is none", "UPDATE instance_keys SET role = 'owner'", /CHECK constraint failed: role/],
    ...["ignore_acl", "allow_user_create", "allow_group_create", "allow_anonymous_read"].flatMap((flag) =>
      [
        ["2", `CHECK constraint failed: ${flag}`],
        ["-1", `CHECK constraint failed: ${flag}`],
        ["'yes'", `cannot store TEXT value in INTEGER column instance_keys\\.${flag}`],
      ].map(([value, why]) => [`${flag} = ${value}`, `UPDATE instance_keys SET ${flag} = ${value}`, new RegExp(why)]),
    ),
  ]);

  for (const [what, statement, why] of REFUSED) {
    test(what, async () => {
      await addInstance(service);
      await assert.rejects(service.sql(statement), why);
    });
  }
});
