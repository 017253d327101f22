/** A new key for a leaked one: at once, once, and without a trace of either key. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { addInstance, assertDetail, assertFine, hashOf, keyHeaders, NO_KEY, userBody } from "./support/instances.mjs";
import { keyResets, RESETTERS } from "./support/key-resets.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
afterEach(() => service.instruments({ frozenAt: null }));
const { own, reset, valid } = keyResets(service);

/** All that rests in the database, as text. */
async function everythingStored() {
  const tables = await service.sql(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  );
  const rows = await Promise.all(tables.map(({ name }) => service.sql(`SELECT * FROM "${name}"`)));
  return JSON.stringify(rows).toLowerCase();
}

describe("a reset", () => {
  for (const [who, headersOf] of Object.entries(RESETTERS)) {
    test(`by ${who} shows the new key once, and the old one is dead`, async () => {
      const instance = await addInstance(service);
      const old = instance.ada.key;
      const answer = await reset(instance, instance.ada, headersOf(instance));
      const { user_key: key } = answer.json;
      assertFine(answer, userBody(instance, instance.ada, "v1.1", key));
      assert.match(key, /^[0-9a-f]{39}[02468ace]$/);
      assertDetail(await own(instance, old), 403, NO_KEY);
      assertFine(await own(instance, key), userBody(instance, instance.ada, "v1.1"));
      assertFine(await own(instance, instance.bob.key), userBody(instance, instance.bob, "v1.1"));
    });
  }

  test("makes a key that no other was, of the right parity, and keeps its hash alone", async () => {
    const instance = await addInstance(service);
    const keys = [instance.ada.key];
    for (let count = 0; count < 20; count += 1)
      keys.push((await reset(instance, instance.ada, keyHeaders(instance.account.full))).json.user_key);
    assert.equal(new Set(keys).size, keys.length);
    const stored = await everythingStored();
    for (const key of [...keys, instance.bob.key, instance.account.full.key, instance.program.plain.key])
      assert.ok(!stored.includes(key));
    assert.deepEqual(
      keys.filter((key) => stored.includes(hashOf(key))),
      keys.slice(-1),
    );
    assert.deepEqual(await valid(instance, keys), keys.slice(-1));
  });

  test("tells when the key was changed, and changes nothing else", async () => {
    const instance = await addInstance(service);
    const now = 1_800_000_000_123;
    await service.instruments({ frozenAt: now });
    await reset(instance, instance.ada, keyHeaders(instance.account.full));
    const rows = await service.sql("SELECT id, username, created_at, key_changed_at FROM instance_users ORDER BY id");
    const { ada, bob } = instance;
    assert.deepEqual(rows, [
      { id: ada.id, username: ada.username, created_at: ada.createdAt, key_changed_at: now },
      { id: bob.id, username: bob.username, created_at: bob.createdAt, key_changed_at: bob.createdAt },
    ]);
  });

  test("leaves a row in the audit trail: who, when, from where, and no key", async () => {
    const instance = await addInstance(service);
    const { account, program, ada, bob } = instance;
    const [old] = [ada.key];
    const at = 1_800_000_000_123;
    await service.instruments({ frozenAt: at });
    const byAccount = await reset(instance, bob, keyHeaders(account.write), { "cf-connecting-ip": "192.0.2.7" });
    const byProgram = await reset(instance, bob, keyHeaders(program.ignoreAcl), { "cf-connecting-ip": "2001:db8::7" });
    const byUser = await reset(instance, ada, keyHeaders(program.plain, ada), { "cf-connecting-ip": "not an address" });
    assert.equal((await reset(instance, ada, keyHeaders(program.plain))).status, 403);
    const rows = await service.sql("SELECT * FROM audit_log ORDER BY id");
    /** @param {string} actor @param {string | null} address @param {{id: number}} user @param {Answer} given */
    const row = (actor, address, user, { headers }) => ({
      at,
      actor,
      address,
      action: "user_key.reset",
      subject: `instance-user:${user.id}`,
      outcome: `new key in ${instance.name}`,
      request_id: headers["x-request-id"],
      reason: null,
    });
    assert.deepEqual(
      rows.map(({ id, ...told }) => told),
      [
        row(`account-key:${account.write.id}`, "192.0.2.7", bob, byAccount),
        row(`instance-key:${program.ignoreAcl.id}`, "2001:db8::7", bob, byProgram),
        row(`instance-key:${program.plain.id} instance-user:${ada.id}`, null, ada, byUser),
      ],
    );
    const trail = JSON.stringify(rows);
    for (const { json } of [byAccount, byProgram, byUser])
      assert.ok(!trail.includes(json.user_key) && !trail.includes(hashOf(json.user_key)));
    assert.ok(!trail.includes(old) && !trail.includes(hashOf(old)));
  });

  test("is refused with the key that it has replaced, and by HEAD or GET it does not happen", async () => {
    const instance = await addInstance(service);
    const { program, ada } = instance;
    const path = `/v1/instances/${instance.name}/users/${ada.id}/reset_key/`;
    for (const method of ["GET", "HEAD", "PUT"])
      assert.equal((await service.call(method, path, { headers: keyHeaders(program.plain, ada) })).status, 405);
    assert.equal((await reset(instance, ada, keyHeaders(program.plain, ada))).status, 200);
    assertDetail(await reset(instance, ada, keyHeaders(program.plain, ada)), 403, NO_KEY);
    assert.equal((await service.audit()).length, 1);
  });
});

describe("a reset that never arrived whole", () => {
  const BROKEN = /** @type {Record<string, [Record<string, string>, string]>} */ ({
    "three bytes of a thousand": [{ "content-length": "1000" }, "{ }"],
    "nothing of a thousand": [{ "content-length": "1000" }, ""],
    "half a chunk": [{ "transfer-encoding": "chunked" }, "5\r\n{ "],
    "chunks without the last": [{ "transfer-encoding": "chunked" }, "2\r\n{}\r\n"],
    "a chunk whose size is none": [{ "transfer-encoding": "chunked" }, "zz\r\n{}\r\n0\r\n\r\n"],
  });

  for (const [what, [headers, body]] of Object.entries(BROKEN)) {
    test(`changes nothing: ${what}`, async () => {
      const instance = await addInstance(service);
      const path = `/v1.1/instances/${instance.name}/users/${instance.ada.id}/reset_key/`;
      for (const headersOf of Object.values(RESETTERS)) {
        const all = { ...headersOf(instance), ...headers };
        assertDetail(await service.callRaw("POST", path, all, body), 400, "The request body could not be read.");
        assert.equal((await service.abandon("POST", path, all, body))["http.status"], 400);
      }
      assert.deepEqual(await valid(instance, [instance.ada.key, instance.bob.key]), [instance.ada.key, instance.bob.key]);
      assert.deepEqual(await service.audit(), []);
    });
  }
});
