/** /admin/api-keys: made and shown once, listed without the key, revoked at once. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });

const PATH = "/admin/api-keys";

async function make(order = {}) {
  const answer = await service.admin("POST", PATH, { json: { scopes: ["threedeye:read"], ...order } });
  assert.equal(answer.status, 201, answer.text);
  return answer;
}
const list = async () => (await service.admin("GET", PATH)).json.apiKeys;

describe("a key", () => {
  test("is shown when it is made, with what it may do", async () => {
    const user = await service.addUser();
    const { json, headers } = await make({
      scopes: ["user:write", "threedeye:read", "user:verify"],
      userId: user.id,
      label: "Türe 7",
    });
    assert.equal(headers["cache-control"], "no-store");
    assert.deepEqual(Object.keys(json).sort(), ["createdAt", "expiresAt", "id", "key", "label", "scopes", "userId"]);
    assert.match(json.key, /^spk_[\w-]{43}$/);
    assert.deepEqual(json.scopes.sort(), ["threedeye:read", "user:verify", "user:write"]);
    assert.deepEqual([json.userId, json.label], [user.id, "Türe 7"]);
    assert.ok(Math.abs(Date.parse(json.createdAt) - Date.now()) < 60_000);
  });

  test("needs neither a user nor a label, and a scope said twice is one", async () => {
    const { json } = await make({ scopes: ["threedeye:read", "threedeye:read"] });
    assert.deepEqual([json.scopes, json.userId, json.label], [["threedeye:read"], null, null]);
    assert.deepEqual((await make({ userId: null, label: null })).json.label, null);
  });

  test("is never the same twice, and only its hash is kept", async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, async () => (await make()).json.key));
    assert.equal(new Set(keys).size, 10);
    const stored = JSON.stringify([await service.sql("SELECT * FROM api_keys"), await service.audit()]);
    for (const key of keys) {
      assert.ok(!stored.includes(key));
      assert.ok(stored.includes(createHash("sha256").update(key).digest("hex")));
    }
  });

  test("is for a user that exists", async () => {
    assertError(
      await service.admin("POST", PATH, { json: { scopes: ["threedeye:read"], userId: "nobody" } }),
      404,
      "User not found",
    );
    assert.deepEqual(await list(), []);
  });
});

describe("the list", () => {
  test("shows the keys in force, newest first, without the keys", async () => {
    const first = (await make({ label: "first" })).json;
    const second = (await make({ label: "second" })).json;
    const listed = await list();
    assert.deepEqual(
      listed.map((/** @type {{id: string}} */ { id }) => id),
      [second.id, first.id],
    );
    for (const entry of listed)
      assert.deepEqual(Object.keys(entry).sort(), [
        "createdAt",
        "expiresAt",
        "id",
        "label",
        "lastUsedAt",
        "revokedAt",
        "scopes",
        "userId",
      ]);
    assert.ok(!JSON.stringify(listed).includes(first.key));
    assert.equal(listed[0].lastUsedAt, null);
  });

  test("tells when a key was last used", async () => {
    const { key } = (await make()).json;
    const user = await service.addUser();
    await service.credentials(user, { "x-api-key": key });
    const [{ lastUsedAt }] = await list();
    assert.ok(Math.abs(Date.parse(lastUsedAt) - Date.now()) < 60_000);
    await service.instruments({ aheadMs: 30 * 60_000 });
    await service.credentials(user, { "x-api-key": key });
    assert.equal((await list())[0].lastUsedAt, lastUsedAt, "to the hour, so that reading stays cheap");
    await service.instruments({ aheadMs: 61 * 60_000 });
    await service.credentials(user, { "x-api-key": key });
    assert.notEqual((await list())[0].lastUsedAt, lastUsedAt);
    await service.instruments({ aheadMs: 0 });
  });
});

describe("an expiry", () => {
  test("ends a key as if it had never been", async () => {
    const expiresAt = new Date(Date.now() + 30 * 60_000).toISOString();
    const { key, expiresAt: shown } = (await make({ expiresAt })).json;
    assert.equal(shown, expiresAt);
    const user = await service.addUser();
    assert.equal((await service.credentials(user, { "x-api-key": key })).status, 200);
    await service.instruments({ aheadMs: 31 * 60_000 });
    assertError(await service.credentials(user, { "x-api-key": key }), 401);
    assert.equal((await list())[0].expiresAt, expiresAt);
    await service.instruments({ aheadMs: 0 });
  });
});

describe("revoking", () => {
  test("is 204, at once, and also when it is gone already or never was", async () => {
    const { id, key } = (await make()).json;
    const user = await service.addUser();
    assert.equal((await service.credentials(user, { "x-api-key": key })).status, 200);
    for (const gone of [id, id, "key_01JZX0000000000000000000EX", "nonsense", "'; --"]) {
      const answer = await service.admin("DELETE", `${PATH}/${encodeURIComponent(gone)}`);
      assert.deepEqual([answer.status, answer.text], [204, ""]);
    }
    assertError(await service.credentials(user, { "x-api-key": key }), 401);
    assert.deepEqual(await list(), []);
  });

  test("touches no other key", async () => {
    const [one, other] = [(await make()).json, (await make()).json];
    await service.admin("DELETE", `${PATH}/${one.id}`);
    assert.deepEqual(
      (await list()).map((/** @type {{id: string}} */ { id }) => id),
      [other.id],
    );
  });
});

describe("the audit trail", () => {
  test("tells from which address a change was asked for, if that is an address", async () => {
    for (const address of ["192.0.2.7", "2001:db8::7", "not an address", undefined]) {
      await service.admin("POST", PATH, { json: { scopes: ["threedeye:read"] }, headers: { "cf-connecting-ip": address } });
    }
    const rows = await service.sql("SELECT address FROM audit_log ORDER BY id");
    assert.deepEqual(rows.map(({ address }) => address).slice(0, 3), ["192.0.2.7", "2001:db8::7", null]);
  });

  test("tells who made and who revoked, once each", async () => {
    const made = await make({ label: "x" });
    const { id } = made.json;
    const revoked = await service.admin("DELETE", `${PATH}/${id}`);
    await service.admin("DELETE", `${PATH}/${id}`);
    await service.admin("DELETE", `${PATH}/never-was`);
    const rows = await service.audit();
    assert.deepEqual(
      rows.map(({ action, subject, request_id: request }) => [action, subject, request]),
      [
        ["api_key.create", id, made.headers["x-request-id"]],
        ["api_key.revoke", id, revoked.headers["x-request-id"]],
      ],
    );
    for (const { actor } of rows) assert.match(actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com \(auth0\|ada\)$/);
  });
});
