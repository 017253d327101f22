/** /admin/instances and /admin/account-keys: instances, the keys that open them, and their users. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ACCOUNT_KEYS, administration, hashOf, INSTANCES, idsOf, keysOf, usersOf } from "./support/administration.mjs";
import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const { post, get, remove, made, listed, gone, rivia, trail } = administration(service);

describe("an instance", () => {
  test("is made once, and asked for again it is the same", async () => {
    const first = await rivia();
    assert.deepEqual(Object.keys(first).sort(), ["createdAt", "name"]);
    await service.instruments({ aheadMs: 5_000 });
    for (const name of ["rivia", "RIVIA", "Rivia"]) {
      const again = await post(INSTANCES, { name });
      assert.deepEqual([again.status, again.json, again.headers["cache-control"]], [200, first, "no-store"]);
    }
    await service.instruments({ aheadMs: 0 });
    assert.deepEqual(await trail(), [["instance.create", "instance:rivia", "created"]]);
  });

  test("is listed by name, in lower case", async () => {
    for (const name of ["Zerrikania", "kaer-morhen", "0_x", "a".repeat(64), "-"]) await made(INSTANCES, { name });
    const { instances } = await listed(INSTANCES);
    assert.deepEqual(
      instances.map((/** @type {{name: string}} */ { name }) => name),
      ["-", "0_x", "a".repeat(64), "kaer-morhen", "zerrikania"],
    );
    for (const instance of instances) assert.deepEqual(Object.keys(instance).sort(), ["createdAt", "name"]);
  });

  test("has a name of 1 to 64 letters, digits, hyphens or underscores", async () => {
    const bad = ["", "a".repeat(65), "a b", " a", "a.b", "a/b", "ä", "рiviа", "\u212a", "a\u0000", "a\n", "%61", "..", "'; --"];
    for (const name of bad)
      assertError(await post(INSTANCES, { name }), 400, "name: must be 1 to 64 letters, digits, hyphens or underscores");
    for (const [body, message] of /** @type {[unknown, string | RegExp][]} */ ([
      [{}, "name: required"],
      [{ name: 7 }, "name: expected a string"],
      [{ name: null }, "name: expected a string"],
      [{ name: ["rivia"] }, "name: expected a string"],
      [{ name: "rivia", createdAt: "2024-01-15T10:30:00.000Z" }, "createdAt: unknown field"],
      [[], "body: expected a JSON object"],
    ]))
      assertError(await post(INSTANCES, body), 400, message);
    assertError(await post(INSTANCES), 415);
    assert.deepEqual((await listed(INSTANCES)).instances, []);
    assert.deepEqual(await trail(), []);
  });

  test("is made once however many ask at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(INSTANCES, { name: "rivia" })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 201]);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    assert.equal((await trail()).length, 1);
  });
});

describe("an API key of an instance", () => {
  const PARTS = [
    "allowAnonymousRead",
    "allowGroupCreate",
    "allowUserCreate",
    "createdAt",
    "id",
    "ignoreAcl",
    "instance",
    "label",
    "revokedAt",
  ];

  test("is shown when it is made, with what it may do", async () => {
    await rivia();
    const key = await made(keysOf("rivia"), { ignoreAcl: true, allowAnonymousRead: true, label: "Türe 7" });
    assert.deepEqual(Object.keys(key).sort(), ["apiKey", ...PARTS].sort());
    assert.match(key.apiKey, /^[0-9a-f]{39}[13579bdf]$/);
    assert.match(key.id, /^ikey_[0-9A-HJKMNP-TV-Z]{26}$/);
    const { instance, ignoreAcl, allowUserCreate, allowGroupCreate, allowAnonymousRead, label } = key;
    assert.deepEqual(
      [instance, ignoreAcl, allowUserCreate, allowGroupCreate, allowAnonymousRead, label],
      ["rivia", true, false, false, true, "Türe 7"],
    );
  });

  test("has each flag by itself, and none without a body", async () => {
    await rivia();
    const flags = ["ignoreAcl", "allowUserCreate", "allowGroupCreate", "allowAnonymousRead"];
    /** @param {{[x: string]: unknown}} key */
    const setOn = (key) => flags.filter((flag) => key[flag]);
    for (const flag of flags) assert.deepEqual(setOn(await made(keysOf("rivia"), { [flag]: true })), [flag]);
    for (const body of [undefined, {}, { label: null, ignoreAcl: false }]) {
      const bare = await made(keysOf("rivia"), body);
      assert.deepEqual([setOn(bare), bare.label], [[], null]);
    }
    const { apiKeys } = await listed(keysOf("rivia"));
    assert.deepEqual(
      apiKeys
        .map(setOn)
        .filter((/** @type {string[]} */ set) => set.length > 0)
        .flat()
        .sort(),
      flags.sort(),
    );
  });

  test("names its faulty field", async () => {
    await rivia();
    for (const [body, message] of /** @type {[unknown, string | RegExp][]} */ ([
      [{ ignoreAcl: "true" }, "ignoreAcl: expected a boolean"],
      [{ allowUserCreate: 1 }, "allowUserCreate: expected a boolean"],
      [{ allowGroupCreate: null }, "allowGroupCreate: expected a boolean"],
      [{ allowAnonymousRead: {} }, "allowAnonymousRead: expected a boolean"],
      [{ ignore_acl: true }, "ignore_acl: unknown field"],
      [{ label: 7 }, "label: expected a string"],
      [{ label: "x".repeat(101) }, "label: must be at most 100 characters"],
      [{ label: "a\u0007" }, "label: must not contain control characters"],
      [[], "body: expected a JSON object"],
    ]))
      assertError(await post(keysOf("rivia"), body), 400, message);
    assertError(await service.admin("POST", keysOf("rivia"), { body: "{}", headers: { "content-type": "text/plain" } }), 415);
    assert.equal((await made(keysOf("rivia"), { label: "ü".repeat(100) })).label, "ü".repeat(100));
    assert.equal((await service.sql("SELECT id FROM instance_keys")).length, 1);
  });

  test("is listed with its instance alone, newest first, without the key", async () => {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const first = await made(keysOf("rivia"));
    await service.instruments({ aheadMs: 1_000 });
    const second = await made(keysOf("RIVIA"));
    await service.instruments({ aheadMs: 0 });
    const other = await made(keysOf("cintra"));
    await made(ACCOUNT_KEYS, { instance: "rivia", role: "full" });
    const { apiKeys } = await listed(keysOf("Rivia"));
    assert.deepEqual(idsOf(apiKeys), [second.id, first.id]);
    assert.deepEqual(idsOf((await listed(keysOf("cintra"))).apiKeys), [other.id]);
    for (const key of apiKeys) assert.deepEqual(Object.keys(key).sort(), PARTS);
    assert.ok(!JSON.stringify(apiKeys).includes(first.apiKey));
  });

  test("is revoked at once and for good, by its own instance only", async () => {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const [key, kept] = [await made(keysOf("rivia")), await made(keysOf("rivia"))];
    const account = await made(ACCOUNT_KEYS, { instance: "rivia", role: "read" });
    await gone(`${keysOf("cintra")}/${key.id}`);
    await gone(`${keysOf("rivia")}/${account.id}`);
    assert.deepEqual(await service.sql("SELECT id FROM instance_keys WHERE revoked_at IS NOT NULL"), []);
    for (const id of [key.id, key.id, "ikey_01JZX0000000000000000000EX", "nonsense", "'; --"])
      await gone(`${keysOf("Rivia")}/${encodeURIComponent(id)}`);
    assert.deepEqual(idsOf((await listed(keysOf("rivia"))).apiKeys), [kept.id]);
    assert.deepEqual(idsOf((await listed(ACCOUNT_KEYS)).accountKeys), [account.id]);
  });
});

describe("an account key", () => {
  const PARTS = ["createdAt", "id", "instance", "label", "revokedAt", "role"];

  test("is shown when it is made, with its role", async () => {
    await rivia();
    for (const role of ["full", "write", "read"]) {
      const key = await made(ACCOUNT_KEYS, { instance: "Rivia", role, label: "Ann" });
      assert.deepEqual(Object.keys(key).sort(), ["accountKey", ...PARTS].sort());
      assert.match(key.accountKey, /^[0-9a-f]{39}[02468ace]$/);
      assert.match(key.id, /^akey_[0-9A-HJKMNP-TV-Z]{26}$/);
      assert.deepEqual([key.instance, key.role, key.label], ["rivia", role, "Ann"]);
    }
    assert.equal((await made(ACCOUNT_KEYS, { instance: "rivia", role: "read" })).label, null);
  });

  test("names its faulty field", async () => {
    await rivia();
    const instance = "rivia";
    for (const [body, message] of /** @type {[unknown, string | RegExp][]} */ ([
      [{ role: "full" }, "instance: required"],
      [{ instance }, "role: required"],
      [{ instance: 7, role: "full" }, "instance: expected a string"],
      [{ instance: "a.b", role: "full" }, "instance: must be 1 to 64 letters, digits, hyphens or underscores"],
      [{ instance: "", role: "full" }, "instance: must be 1 to 64 letters, digits, hyphens or underscores"],
      [{ instance, role: "Full" }, "role: must be full, write or read"],
      [{ instance, role: "" }, "role: must be full, write or read"],
      [{ instance, role: 1 }, "role: expected a string"],
      [{ instance, role: null }, "role: expected a string"],
      [{ instance, role: "full", label: "x".repeat(101) }, "label: must be at most 100 characters"],
      [{ instance, role: "full", ignoreAcl: true }, "ignoreAcl: unknown field"],
    ]))
      assertError(await post(ACCOUNT_KEYS, body), 400, message);
    assertError(await post(ACCOUNT_KEYS), 415);
    assert.deepEqual(await service.sql("SELECT id FROM instance_keys"), []);
  });

  test("is listed newest first without the key, all of them or one instance's", async () => {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const first = await made(ACCOUNT_KEYS, { instance: "rivia", role: "full" });
    await service.instruments({ aheadMs: 1_000 });
    const second = await made(ACCOUNT_KEYS, { instance: "cintra", role: "read" });
    await service.instruments({ aheadMs: 2_000 });
    const third = await made(ACCOUNT_KEYS, { instance: "rivia", role: "write" });
    await service.instruments({ aheadMs: 0 });
    await made(keysOf("rivia"));
    const { accountKeys } = await listed(ACCOUNT_KEYS);
    assert.deepEqual(idsOf(accountKeys), [third.id, second.id, first.id]);
    for (const key of accountKeys) assert.deepEqual(Object.keys(key).sort(), PARTS);
    assert.ok(!JSON.stringify(accountKeys).includes(first.accountKey));
    assert.deepEqual(idsOf((await listed(`${ACCOUNT_KEYS}?instance=RIVIA`)).accountKeys), [third.id, first.id]);
    assertError(
      await get(`${ACCOUNT_KEYS}?instance=a.b`),
      400,
      "instance: must be 1 to 64 letters, digits, hyphens or underscores",
    );
    assertError(await get(`${ACCOUNT_KEYS}?instance=rivia&instance=cintra`), 400, "instance: given more than once");
  });

  test("is revoked at once and for good, and no instance API key with it", async () => {
    await rivia();
    const [key, kept] = [
      await made(ACCOUNT_KEYS, { instance: "rivia", role: "full" }),
      await made(ACCOUNT_KEYS, { instance: "rivia", role: "full" }),
    ];
    const apiKey = await made(keysOf("rivia"));
    for (const id of [key.id, key.id, apiKey.id, "nonsense"]) await gone(`${ACCOUNT_KEYS}/${id}`);
    for (const query of ["", "?instance=rivia"])
      assert.deepEqual(idsOf((await listed(`${ACCOUNT_KEYS}${query}`)).accountKeys), [kept.id], query);
    assert.deepEqual(idsOf((await listed(keysOf("rivia"))).apiKeys), [apiKey.id]);
  });
});

describe("a key opens what it is for", () => {
  const OURS = "/v1.1/instances/rivia";
  /**
   * What the user-key API answers to these keys.
   * @param {string} method
   * @param {string} path
   * @param {string} apiKey
   * @param {string} [userKey]
   */
  const ask = (method, path, apiKey, userKey) =>
    service.call(method, path, { headers: { "x-api-key": apiKey, "x-user-key": userKey } });
  /** @param {Answer} answer */
  const assertRefused = (answer) => assert.deepEqual([answer.status, answer.json], [403, { detail: "No such API Key." }]);

  test("until it is revoked", async () => {
    await rivia();
    const { id } = await made(usersOf("rivia"), { username: "geralt" });
    const account = await made(ACCOUNT_KEYS, { instance: "rivia", role: "read" });
    const program = await made(keysOf("rivia"), { ignoreAcl: true });
    for (const [key, path] of [
      [account.accountKey, `${ACCOUNT_KEYS}/${account.id}`],
      [program.apiKey, `${keysOf("rivia")}/${program.id}`],
    ]) {
      const answer = await ask("GET", `${OURS}/users/${id}/`, key);
      assert.deepEqual([answer.status, answer.json.username], [200, "geralt"]);
      await gone(path);
      assertRefused(await ask("GET", `${OURS}/users/${id}/`, key));
    }
  });

  test("a user's until the user gets another or is deleted, and the list tells since when", async () => {
    await rivia();
    const { id, userKey } = await made(usersOf("rivia"), { username: "geralt" });
    const { apiKey } = await made(keysOf("rivia"));
    assert.equal((await ask("GET", `${OURS}/user/`, apiKey, userKey)).json.id, id);
    await service.sql("UPDATE instance_users SET created_at = created_at - 10000, key_changed_at = key_changed_at - 10000");
    const { json } = await ask("POST", `${OURS}/users/${id}/reset_key/`, apiKey, userKey);
    const [{ createdAt, keyChangedAt }] = (await listed(usersOf("rivia"))).users;
    assert.ok(Date.parse(keyChangedAt) > Date.parse(createdAt));
    assertRefused(await ask("GET", `${OURS}/user/`, apiKey, userKey));
    assert.equal((await ask("GET", `${OURS}/user/`, apiKey, json.user_key)).json.id, id);
    await gone(`${usersOf("rivia")}/${id}`);
    assertRefused(await ask("GET", `${OURS}/user/`, apiKey, json.user_key));
  });
});

test("what is asked of an instance that is not there is 404, and nothing comes of it", async () => {
  await rivia();
  const person = await service.addUser();
  for (const name of ["cintra", "a".repeat(65), "a.b", "%C3%A4", "rivia%20", "%2F", "%00"]) {
    for (const [method, path, json] of /** @type {[string, string, object?][]} */ ([
      ["POST", keysOf(name), { ignoreAcl: true }],
      ["GET", keysOf(name)],
      ["DELETE", `${keysOf(name)}/ikey_01JZX0000000000000000000EX`],
      ["POST", usersOf(name), { username: "geralt" }],
      ["POST", usersOf(name), { username: "geralt", userId: person.id }],
      ["POST", usersOf(name), { username: "geralt", userId: "nobody" }],
      ["GET", usersOf(name)],
      ["GET", `${usersOf(name)}?username=geralt`],
      ["DELETE", `${usersOf(name)}/1`],
      ["DELETE", `${usersOf(name)}/x`],
    ]))
      assertError(await service.admin(method, path, { json }), 404, "Instance not found");
  }
  assertError(await post(ACCOUNT_KEYS, { instance: "cintra", role: "full" }), 404, "Instance not found");
  assertError(await get(`${ACCOUNT_KEYS}?instance=cintra`), 404, "Instance not found");
  assert.deepEqual(await service.sql("SELECT id FROM instance_keys UNION SELECT id FROM instance_users"), []);
  assert.deepEqual(
    (await trail()).map(([action]) => action),
    ["instance.create"],
  );
});

describe("at rest", () => {
  test("there is the hash of a key and nowhere the key: not in the tables, not in the trail, not in the log", async () => {
    await rivia();
    const shown = await Promise.all(
      Array.from({ length: 5 }, async (_, number) => [
        (await made(keysOf("rivia"))).apiKey,
        (await made(ACCOUNT_KEYS, { instance: "rivia", role: "read" })).accountKey,
        (await made(usersOf("rivia"), { username: `witcher ${number}` })).userKey,
      ]),
    );
    const keys = shown.flat();
    assert.equal(new Set(keys).size, 15);
    const stored = JSON.stringify(
      await Promise.all(
        ["instances", "instance_keys", "instance_users", "audit_log"].map((table) => service.sql(`SELECT * FROM ${table}`)),
      ),
    );
    const log = JSON.stringify(await service.log());
    for (const key of keys) {
      assert.ok(stored.includes(hashOf(key)));
      assert.ok(!stored.includes(key));
      assert.ok(!log.includes(key));
    }
  });
});

describe("the audit trail", () => {
  test("tells who changed what, from where, once each", async () => {
    const person = await service.addUser();
    /** @type {Answer[]} */
    const answers = [];
    /** @param {string} method @param {string} path @param {unknown} [json] */
    const step = async (method, path, json) => {
      const answer = await service.admin(method, path, { json, headers: { "cf-connecting-ip": "192.0.2.7" } });
      answers.push(answer);
      return answer.json;
    };
    await step("POST", INSTANCES, { name: "Rivia" });
    const key = await step("POST", keysOf("rivia"), { ignoreAcl: true, allowUserCreate: true, label: "door" });
    const bare = await step("POST", keysOf("rivia"));
    const account = await step("POST", ACCOUNT_KEYS, { instance: "rivia", role: "write" });
    const user = await step("POST", usersOf("rivia"), { username: "ann@riverside.example" });
    const tied = await step("POST", usersOf("rivia"), { username: "ciri", userId: person.id });
    const removals = [`${keysOf("rivia")}/${key.id}`, `${ACCOUNT_KEYS}/${account.id}`, `${usersOf("rivia")}/${user.id}`];
    for (const path of removals) await step("DELETE", path);
    for (const path of removals) await remove(path);
    await post(usersOf("rivia"), { username: "ciri" });
    await post(INSTANCES, { name: "rivia" });

    assert.deepEqual(await trail(), [
      ["instance.create", "instance:rivia", "created"],
      ["instance_api_key.create", key.id, "instance rivia, flags ignoreAcl allowUserCreate"],
      ["instance_api_key.create", bare.id, "instance rivia, flags none"],
      ["account_key.create", account.id, "instance rivia, role write"],
      ["instance_user.create", `instance-user:${user.id}`, "instance rivia"],
      ["instance_user.create", `instance-user:${tied.id}`, `instance rivia, tied to ${person.id}`],
      ["instance_api_key.revoke", key.id, "revoked"],
      ["account_key.revoke", account.id, "revoked"],
      ["instance_user.delete", `instance-user:${user.id}`, "instance rivia"],
    ]);
    const rows = await service.sql("SELECT actor, address, request_id FROM audit_log ORDER BY id");
    assert.deepEqual(
      rows.map((row) => row.request_id),
      answers.map(({ headers }) => headers["x-request-id"]),
    );
    for (const { actor, address } of rows) {
      assert.match(actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com \(auth0\|ada\)$/);
      assert.equal(address, "192.0.2.7");
    }
  });
});
