/** The user-key API brakes callers and instances that send too many requests, and no others. With a clock that stands still. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  assertThrottled,
  DENIED,
  keyHeaders,
  NO_KEY,
  NOT_FOUND,
  newUserKey,
  notAllowed,
  ROUTES,
} from "./support/instances.mjs";
import { servicesForThisFile } from "./support/service.mjs";

/** @import { Instance, Key } from "./support/instances.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const CALLER_PER_SECOND = 60;
const INSTANCE_PER_SECOND = 300;

const { service, braked } = await servicesForThisFile({
  service: { instrumented: true },
  braked: { rateLimits: { AUTH_RATE_LIMITER: 5 } },
});

const NOON = Date.UTC(2030, 0, 1, 12);
/** Milliseconds since noon. @param {number} millis */
const clockAt = (millis) => service.instruments({ frozenAt: NOON + millis });
beforeEach(() => clockAt(0));
afterEach(() => service.instruments({ frozenAt: null }));

/** @param {Instance} instance @param {keyof typeof ROUTES} route @param {number | string} [id] */
const at = (instance, route, id) => `/v1.1${ROUTES[route].path(instance.name, id ?? "")}`;
/** @param {Instance} instance @param {Record<string, string>} headers */
const read = (instance, headers) => service.call("GET", at(instance, "user", instance.ada.id), { headers });

/** So many of them at once. @param {number} count @param {() => Promise<Answer>} call */
const many = (count, call) => Promise.all(Array.from({ length: count }, call));
/** @param {Answer[]} answers @param {number} status */
const counted = (answers, status) => answers.filter((/** @type {Answer} */ answer) => answer.status === status).length;

/** Uses up what a caller may. @param {Instance} instance @param {Record<string, string>} headers */
async function exhaust(instance, headers) {
  const answers = await many(CALLER_PER_SECOND, () => read(instance, headers));
  assert.equal(counted(answers, 200), CALLER_PER_SECOND);
}

describe("a caller", () => {
  test("gets a second's worth at once, and is told how long to wait for more", async () => {
    const instance = await addInstance(service);
    const answers = await many(CALLER_PER_SECOND + 40, () => read(instance, keyHeaders(instance.account.read)));
    assert.deepEqual([counted(answers, 200), counted(answers, 429)], [CALLER_PER_SECOND, 40]);
    for (const answer of answers.filter(({ status }) => status === 429)) {
      assertThrottled(answer);
      assert.equal(answer.headers["x-d1-round-trips"], "1", "found out after the one read");
    }
  });

  test("that waits as it was told goes on", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.account.read);
    await exhaust(instance, headers);
    const seconds = assertThrottled(await read(instance, headers));
    assert.equal(seconds, 1);
    await clockAt(1000 * seconds);
    assert.equal((await read(instance, headers)).status, 200);
  });

  test("does not brake others: another key, a user of the same instance, a request without permission", async () => {
    const [instance, other] = [await addInstance(service), await addInstance(service)];
    const { account, program, ada, bob } = instance;
    await exhaust(instance, keyHeaders(account.read));
    assertThrottled(await read(instance, keyHeaders(account.read)));
    for (const headers of [keyHeaders(account.full), keyHeaders(program.ignoreAcl), keyHeaders(program.plain, ada)]) {
      assert.equal((await read(instance, headers)).status, 200);
    }
    assert.equal((await service.call("GET", at(instance, "own"), { headers: keyHeaders(program.plain, bob) })).status, 200);
    assert.equal((await read(other, keyHeaders(other.account.read))).status, 200);
    assertDetail(await read(instance, {}), 403, DENIED);
  });

  test("is a user, not the program that several of them use", async () => {
    const instance = await addInstance(service);
    const { program, ada, bob } = instance;
    await exhaust(instance, keyHeaders(program.plain, ada));
    assertThrottled(await read(instance, keyHeaders(program.plain, ada)));
    assert.equal((await service.call("GET", at(instance, "own"), { headers: keyHeaders(program.plain, bob) })).status, 200);
  });

  test("has one limit over all routes and both versions, whatever the answers are", async () => {
    const instance = await addInstance(service);
    const { name, account, ada } = instance;
    const headers = keyHeaders(account.full);
    /** @type {[string, string, number][]} */
    const calls = [
      ["GET", `/v1/instances/${name}/users/${ada.id}/`, 200],
      ["GET", `/v1.1/instances/${name}/classes/user_profile/`, 200],
      ["POST", `/v1/instances/${name}/users/${ada.id}/reset_key/`, 200],
      ["GET", `/v1.1/instances/${name}/users/9000000/`, 404],
      ["HEAD", `/v1.1/instances/${name}/users/${ada.id}/`, 200],
      ["DELETE", `/v1.1/instances/${name}/users/${ada.id}/`, 405],
    ];
    for (let round = 0; round < CALLER_PER_SECOND / calls.length; round += 1) {
      for (const [method, path, status] of calls)
        assert.equal((await service.call(method, path, { headers })).status, status, `${method} ${path}`);
    }
    for (const [method, path] of calls)
      assert.equal((await service.call(method, path, { headers })).status, 429, `${method} ${path}`);
  });

  test("is braked after its permission is checked, and before its method and its user are", async () => {
    const instance = await addInstance(service);
    const { account, program } = instance;
    const headers = keyHeaders(account.read);
    await exhaust(instance, headers);
    assertThrottled(await service.call("DELETE", at(instance, "user", instance.ada.id), { headers }));
    assertThrottled(await service.call("GET", at(instance, "user", "nonsense"), { headers }));
    assertDetail(await service.call("POST", at(instance, "reset", instance.ada.id), { headers }), 403, DENIED);
    const stranger = keyHeaders(program.ignoreAcl, { key: newUserKey() });
    assertDetail(await read(instance, stranger), 403, NO_KEY);
    assertDetail(
      await service.call("DELETE", at(instance, "user", 1), { headers: keyHeaders(program.ignoreAcl) }),
      405,
      notAllowed("DELETE"),
    );
    assertDetail(await service.call("GET", at(instance, "user", 0), { headers: keyHeaders(program.ignoreAcl) }), 404, NOT_FOUND);
  });

  test("changes no key when it is braked", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.account.full);
    await exhaust(instance, headers);
    const before = await service.sql("SELECT key_hash FROM instance_users ORDER BY id");
    assertThrottled(await service.call("POST", at(instance, "reset", instance.ada.id), { headers }));
    assert.deepEqual(await service.sql("SELECT key_hash FROM instance_users ORDER BY id"), before);
    assert.deepEqual(await service.audit(), []);
  });

  test("that keeps sending requests does not have to wait longer for it", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.account.read);
    await exhaust(instance, headers);
    for (const answer of await many(200, () => read(instance, headers))) assertThrottled(answer);
    await clockAt(1000);
    await exhaust(instance, headers);
  });

  test("may read in a browser how long to wait", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.account.read);
    await exhaust(instance, headers);
    const answer = await read(instance, { ...headers, origin: "https://app.example" });
    assertThrottled(answer);
    assert.match(answer.headers["access-control-expose-headers"] ?? "", /\bretry-after\b/i);
  });
});

describe("an instance", () => {
  /** Programs that use up together what the instance may. @param {Instance} instance */
  async function exhaustAll(instance) {
    const { program, ada } = instance;
    const callers = [
      keyHeaders(program.ignoreAcl),
      keyHeaders(program.allFlags),
      ...[program.plain, program.userCreate, program.groupCreate].map((key) => keyHeaders(key, ada)),
    ];
    assert.equal(callers.length * CALLER_PER_SECOND, INSTANCE_PER_SECOND);
    for (const headers of callers) await exhaust(instance, headers);
  }

  test("has a limit for all its programs together, and it is no other instance's", async () => {
    const [instance, other] = [await addInstance(service), await addInstance(service)];
    const { program, ada, bob } = instance;
    await exhaustAll(instance);
    for (const [key, user] of /** @type {[Key, {key: string}][]} */ ([
      [program.plain, bob],
      [program.anonymousRead, ada],
    ])) {
      assertThrottled(await service.call("GET", at(instance, "own"), { headers: keyHeaders(key, user) }));
    }
    assertDetail(await read(instance, {}), 403, DENIED);
    assert.equal((await read(other, keyHeaders(other.program.ignoreAcl))).status, 200);
    await clockAt(1000);
    assert.equal((await read(instance, keyHeaders(program.plain, ada))).status, 200);
  });

  test("limits its programs alone: account keys do not count, and can still reset a key", async () => {
    const instance = await addInstance(service);
    const { account, ada } = instance;
    for (const key of [account.write, account.read]) await exhaust(instance, keyHeaders(key));
    await exhaustAll(instance);
    const answer = await service.call("POST", at(instance, "reset", ada.id), { headers: keyHeaders(account.full) });
    assert.equal(answer.status, 200, answer.text);
  });
});

describe("an address, where its rate-limit binding is configured,", () => {
  /** More often than a minute and the next allow together. */
  const OFTEN = 12;
  let address = 0;
  /** @param {Instance} given @param {Record<string, string | string[] | undefined>} [headers] */
  const knock = ({ name, ada }, headers) =>
    braked.call("GET", `/v1/instances/${name}/users/${ada.id}/`, {
      headers: { "cf-connecting-ip": `192.0.2.${address}`, ...headers },
    });
  beforeEach(() => (address += 1));

  const STRANGERS = /** @type {Record<string, (instance: any) => [where: any, headers: Record<string, string>]>} */ ({
    "an unknown key": (instance) => [instance, { "x-api-key": newUserKey() }],
    "an unknown user key": (instance) => [instance, keyHeaders(instance.program.plain, { key: newUserKey() })],
    "no key": (instance) => [instance, {}],
    "a user key alone": (instance) => [instance, keyHeaders(undefined, instance.ada)],
    "an instance that is not there": (instance) => [{ ...instance, name: "nowhere" }, keyHeaders(instance.account.full)],
  });
  for (const [what, headersOf] of Object.entries(STRANGERS)) {
    test(`that keeps coming with ${what} is braked, but not its good keys`, async () => {
      const instance = await addInstance(braked);
      let answer;
      for (let count = 0; count < OFTEN && answer?.status !== 429; count += 1) answer = await knock(...headersOf(instance));
      assert.ok(answer);
      assertThrottled(answer);
      assert.equal((await knock(instance, keyHeaders(instance.account.read))).status, 200);
      address += 1;
      assertDetail(await knock(instance, { "x-api-key": newUserKey() }), 403, NO_KEY);
    });
  }

  const KNOWN = /** @type {Record<string, (instance: any) => Record<string, string>>} */ ({
    "a key that lacks permission": ({ program }) => keyHeaders(program.plain),
    "a user key as API key": ({ ada }) => keyHeaders(ada),
  });
  for (const [what, headersOf] of Object.entries(KNOWN)) {
    test(`that keeps coming with ${what} gets the same answer each time, and is not braked for it`, async () => {
      const instance = await addInstance(braked);
      for (let count = 0; count < OFTEN; count += 1) assertDetail(await knock(instance, headersOf(instance)), 403, DENIED);
      assertDetail(await knock(instance, { "x-api-key": newUserKey() }), 403, NO_KEY);
    });
  }
});
