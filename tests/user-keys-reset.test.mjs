/** A new key for a leaked one: at once, once, and without a trace of either key. What it all costs of D1. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import {
  addInstance,
  addInstanceUsers,
  assertDetail,
  assertFine,
  DENIED,
  EVERY_ROUTE,
  hashOf,
  keyHeaders,
  NO_INSTANCE,
  NO_KEY,
  NOT_FOUND,
  newUserKey,
  userBody,
} from "./support/instances.mjs";
import { serviceForThisFile, until } from "./support/service.mjs";

/** @import { Instance } from "./support/instances.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
afterEach(() => service.instruments({ held: false, heldAfter: 0, frozenAt: null }));

/** @param {Instance} instance @param {{id: number}} user @param {Record<string, string | string[] | undefined>} [headers] */
const reset = (instance, user, headers, more = {}) =>
  service.call("POST", `/v1.1/instances/${instance.name}/users/${user.id}/reset_key/`, { headers: { ...headers, ...more } });

/** What a user key opens. @param {Instance} instance @param {string} key */
const own = (instance, key) =>
  service.call("GET", `/v1.1/instances/${instance.name}/user/`, { headers: keyHeaders(instance.program.plain, { key }) });

/** Those of the keys that open anything. @param {Instance} instance @param {string[]} keys */
async function valid(instance, keys) {
  const answers = await Promise.all(
    keys.map(async (/** @type {any} */ key) => ({ key, status: (await own(instance, key)).status })),
  );
  for (const { status } of answers) assert.ok([200, 403].includes(status), String(status));
  return answers.filter(({ status }) => status === 200).map(({ key }) => key);
}

/** All that rests in the database, as text. */
async function everythingStored() {
  const tables = await service.sql(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  );
  const rows = await Promise.all(tables.map(({ name }) => service.sql(`SELECT * FROM "${name}"`)));
  return JSON.stringify(rows).toLowerCase();
}

const RESETTERS = {
  "an account key": (/** @type {Instance} */ { account }) => keyHeaders(account.full),
  "an account key that may write": (/** @type {Instance} */ { account }) => keyHeaders(account.write),
  "a key that ignores ACLs": (/** @type {Instance} */ { program }) => keyHeaders(program.ignoreAcl),
  "the user's own key": (/** @type {Instance} */ { program, ada }) => keyHeaders(program.plain, ada),
  "an account key beside another user's key": (/** @type {Instance} */ { account, bob }) => keyHeaders(account.full, bob),
};

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

describe("resets at the same time", () => {
  for (const count of [2, 50]) {
    test(`${count} by one account key leave one valid key: that of the last commit`, async () => {
      const instance = await addInstance(service);
      const answers = await Promise.all(
        Array.from({ length: count }, () => reset(instance, instance.ada, keyHeaders(instance.account.full))),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const keys = answers.map(({ json }) => json.user_key);
      assert.equal(new Set(keys).size, count);
      const trail = await service.audit();
      assert.equal(trail.length, count, "a row for each");
      const last = answers.find(({ headers }) => headers["x-request-id"] === trail.at(-1)?.request_id);
      assert.deepEqual(await valid(instance, [instance.ada.key, ...keys]), [last?.json.user_key]);
    });

    test(`${count} by the user's own key: once it is replaced it replaces nothing more`, async () => {
      const instance = await addInstance(service);
      const answers = await Promise.all(
        Array.from({ length: count }, () => reset(instance, instance.ada, keyHeaders(instance.program.plain, instance.ada))),
      );
      const winners = answers.filter(({ status }) => status === 200);
      for (const loser of answers.filter((answer) => !winners.includes(answer))) assertDetail(loser, 403, NO_KEY);
      assert.equal(winners.length, 1);
      const keys = winners.map(({ json }) => json.user_key);
      assert.deepEqual(await valid(instance, [instance.ada.key, ...keys]), keys);
      assert.equal((await service.audit()).length, 1);
    });
  }

  /**
   * Lets something happen between what a reset has read and what it writes.
   * @param {() => Promise<Answer>} start
   * @param {() => unknown} happens
   */
  async function between(start, happens) {
    await service.instruments({ held: true, heldAfter: 1 });
    const pending = start();
    await until(async () => (await service.instruments({})).waiting === 1, "the reset's second round trip");
    await happens();
    await service.instruments({ held: false, heldAfter: 0 });
    return pending;
  }

  const MEANWHILE =
    /** @type {[string, (instance: any) => Record<string, string>, (instance: any) => Promise<unknown>, number, string][]} */ ([
      [
        "the account key is revoked",
        RESETTERS["an account key"],
        ({ account }) => service.sql("UPDATE instance_keys SET revoked_at = 1 WHERE id = ?", account.full.id),
        403,
        NO_KEY,
      ],
      [
        "the program's key is revoked",
        RESETTERS["the user's own key"],
        ({ program }) => service.sql("UPDATE instance_keys SET revoked_at = 1 WHERE id = ?", program.plain.id),
        403,
        NO_KEY,
      ],
      [
        "the user's key is replaced",
        RESETTERS["the user's own key"],
        ({ ada }) => service.sql("UPDATE instance_users SET key_hash = ? WHERE id = ?", hashOf(newUserKey()), ada.id),
        403,
        NO_KEY,
      ],
      [
        "the user is deleted",
        RESETTERS["an account key"],
        ({ ada }) => service.sql("DELETE FROM instance_users WHERE id = ?", ada.id),
        404,
        NOT_FOUND,
      ],
      [
        "the user is deleted whose key it is",
        RESETTERS["the user's own key"],
        ({ ada }) => service.sql("DELETE FROM instance_users WHERE id = ?", ada.id),
        403,
        NO_KEY,
      ],
    ]);

  for (const [what, headersOf, happens, status, detail] of MEANWHILE) {
    test(`${what} in the middle of it: ${status}, and no key is changed`, async () => {
      const instance = await addInstance(service);
      const hashes = () => service.sql("SELECT id, key_hash FROM instance_users ORDER BY id");
      let after;
      const answer = await between(
        () => reset(instance, instance.ada, headersOf(instance)),
        async () => {
          await happens(instance);
          after = await hashes();
        },
      );
      assertDetail(answer, status, detail);
      assert.deepEqual(await hashes(), after);
      assert.deepEqual(await service.audit(), []);
    });
  }

  test("another's reset in the middle of it takes nothing away from an account key", async () => {
    const instance = await addInstance(service);
    const other = newUserKey();
    const answer = await between(
      () => reset(instance, instance.ada, keyHeaders(instance.account.full)),
      () => service.sql("UPDATE instance_users SET key_hash = ? WHERE id = ?", hashOf(other), instance.ada.id),
    );
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await valid(instance, [instance.ada.key, other, answer.json.user_key]), [answer.json.user_key]);
  });
});

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
    assertDetail(await reset(instance, instance.ada, keyHeaders(instance.account.full)), 404, NO_INSTANCE);
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

describe("what it costs of D1", () => {
  /** @param {Answer} given */
  const cost = ({ headers }) => ["round-trips", "rows-read", "rows-written"].map((what) => Number(headers[`x-d1-${what}`]));

  test("one round trip to read or to refuse, two to reset, however many users and keys there are", async () => {
    const instance = await addInstance(service);
    await addInstanceUsers(
      service,
      instance.name,
      Array.from({ length: 3000 }, (_, index) => `resident ${index}`),
    );
    await addInstance(service);
    const { name, account, program, ada, bob } = instance;
    const callers = {
      "no key": {},
      "an unknown key": { "x-api-key": newUserKey() },
      "an account": keyHeaders(account.full),
      "a program": keyHeaders(program.plain),
      "a program that ignores ACLs": keyHeaders(program.ignoreAcl),
      "a user": keyHeaders(program.plain, bob),
      "an unknown user": keyHeaders(program.plain, { key: newUserKey() }),
    };
    for (const [who, headers] of Object.entries(callers)) {
      for (const { method, path } of EVERY_ROUTE) {
        for (const one of [method, "DELETE"]) {
          const answer = await service.call(one, path(name, ada.id), { headers });
          const [roundTrips, rowsRead, rowsWritten] = cost(answer);
          const isReset = one === "POST" && answer.status === 200;
          const what = `${who}: ${one} ${path("", "")} ${answer.status}`;
          assert.equal(roundTrips, isReset ? 2 : 1, what);
          assert.ok(rowsRead >= 1 && rowsRead <= (isReset ? 12 : 5), `${what}: ${rowsRead} rows read`);
          if (isReset) assert.ok(rowsWritten >= 2 && rowsWritten <= 6, `${what}: ${rowsWritten} rows written`);
          else assert.equal(rowsWritten, 0, what);
        }
      }
    }
  });

  test("an instance that is not there costs one round trip, a key of no form too", async () => {
    const { name, account } = await addInstance(service);
    /** @param {string} instance */
    const path = (instance) => `/v1/instances/${instance}/user/`;
    assert.deepEqual(
      cost(await service.call("GET", path("nowhere"), { headers: keyHeaders(account.full) })).filter((_, index) => index !== 1),
      [1, 0],
    );
    const answer = await service.call("GET", path(name), { headers: { "x-api-key": "x" } });
    assertDetail(answer, 403, NO_KEY);
    assert.deepEqual(
      cost(answer).filter((_, index) => index !== 1),
      [1, 0],
    );
    assertDetail(await service.call("GET", path(name)), 403, DENIED);
  });

  test("a D1 that fails is 500, without a word of why", async () => {
    const instance = await addInstance(service);
    for (const spared of [0, 1]) {
      await service.instruments({ sparedRoundTrips: spared });
      const answer = await reset(instance, instance.ada, keyHeaders(instance.account.full));
      await service.instruments({ sparedRoundTrips: null });
      assert.equal(answer.status, 500);
      assert.deepEqual(Object.keys(answer.json), ["detail"]);
      assert.doesNotMatch(answer.text, /D1|secret/i);
    }
    assert.deepEqual(await valid(instance, [instance.ada.key]), [instance.ada.key], "nothing was changed");
  });
});
