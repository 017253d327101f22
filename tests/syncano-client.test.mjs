/**
 * Published clients of the user-key API against the running Worker: npm `syncano`, unmodified, and the requests that PyPI
 * `syncano` makes.
 *
 * It is npm's 1.0.30 because that speaks this API, in version v1.1; what npm calls the latest, 2.x, speaks another one.
 */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, beforeEach, describe, test } from "node:test";

import { addInstance, classBody, DENIED, keyHeaders, NO_INSTANCE, NO_KEY, NOT_FOUND, userBody } from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { tap } from "./support/tap.mjs";
import { until } from "./support/until.mjs";

/** @type {(options: {apiKey?: string, accountKey?: string, userKey?: string, baseUrl: string}) => any} */
const Syncano = createRequire(new URL("clients/package.json", import.meta.url))("syncano");

const service = await serviceForThisFile({ instrumented: true });
const wire = await tap(service);
after(() => wire.close());
beforeEach(() => wire.heard.splice(0));

/** @param {object} keys */
const connect = (keys) => Syncano({ ...keys, baseUrl: wire.url });
/**
 * Sends what was put together, as the client does on `then`; whose second argument it ignores, so that no `await` would see a refusal.
 * @param {Promise<any>} order
 */
const sent = (order) => order.then((/** @type {any} */ user) => user);
const said = () => wire.heard.map(({ method, path, body, status }) => [method, path, body, status]);

describe("npm syncano 1.0.30", () => {
  test("with an account key: gets a user and resets its key", async () => {
    const { name, account, ada } = await addInstance(service);
    const { User } = connect({ accountKey: account.full.key });
    const user = await sent(User.please().get({ instanceName: name, id: ada.id }));
    assert.deepEqual([user.id, user.username, user.user_key], [ada.id, ada.username, undefined]);
    const renewed = await sent(User.please().resetKey({ instanceName: name, id: ada.id }));
    assert.equal(renewed.id, ada.id);
    assert.match(renewed.user_key, /^[0-9a-f]{39}[02468ace]$/);
    assert.notEqual(renewed.user_key, ada.key);
    const path = `/v1.1/instances/${name}/users/${ada.id}/`;
    assert.deepEqual(said(), [
      ["GET", path, "{}", 200],
      ["POST", `${path}reset_key/`, "{}", 200],
    ]);
    for (const { headers } of wire.heard)
      assert.deepEqual([headers["x-api-key"], headers["x-user-key"]], [account.full.key, undefined]);
  });

  test("with a user's key: gets that user, resets the key, and is refused with the old one", async () => {
    const { name, program, ada } = await addInstance(service);
    const apiKey = program.plain.key;
    const { User } = connect({ apiKey, userKey: ada.key });
    assert.equal((await sent(User.please().get({ instanceName: name, id: ada.id }))).username, ada.username);
    const { user_key: key } = await sent(User.please().resetKey({ instanceName: name, id: ada.id }));
    await assert.rejects(sent(User.please().get({ instanceName: name, id: ada.id })), {
      name: "RequestError",
      status: 403,
      message: NO_KEY,
    });
    await assert.rejects(sent(User.please().resetKey({ instanceName: name, id: ada.id })), {
      name: "RequestError",
      status: 403,
      message: NO_KEY,
    });
    assert.equal(
      (await sent(connect({ apiKey, userKey: key }).User.please().get({ instanceName: name, id: ada.id }))).id,
      ada.id,
    );
    const [own, reset] = [`/v1.1/instances/${name}/user/`, `/v1.1/instances/${name}/users/${ada.id}/reset_key/`];
    assert.deepEqual(said(), [
      ["GET", own, "{}", 200],
      ["POST", reset, "{}", 200],
      ["GET", own, "{}", 403],
      ["POST", reset, "{}", 403],
      ["GET", own, "{}", 200],
    ]);
    assert.equal(wire.heard[0].headers["x-user-key"], ada.key);
  });

  test("with an account key and a user's key: resets again and again", async () => {
    const { name, account, ada } = await addInstance(service);
    const { User } = connect({ apiKey: account.full.key, userKey: ada.key });
    for (let count = 0; count < 3; count += 1) {
      const { user_key: key } = await sent(User.please().resetKey({ instanceName: name, id: ada.id }));
      assert.match(key, /^[0-9a-f]{40}$/);
    }
    for (const { headers } of wire.heard)
      assert.deepEqual([headers["x-api-key"], headers["x-user-key"]], [account.full.key, ada.key]);
  });

  test("is told in its own words what it may not do and what isn't there", async () => {
    const { name, account, program, ada } = await addInstance(service);
    for (const [keys, order, status, message] of /** @type {[object, object, number, string][]} */ ([
      [{ apiKey: program.plain.key }, {}, 403, DENIED],
      [{ accountKey: account.read.key }, {}, 403, DENIED],
      [{ accountKey: account.full.key }, { id: 9_000_000 }, 404, NOT_FOUND],
      [{ accountKey: account.full.key }, { instanceName: "nowhere" }, 404, NO_INSTANCE],
    ])) {
      const reset = connect(keys)
        .User.please()
        .resetKey({ instanceName: name, id: ada.id, ...order });
      await assert.rejects(sent(reset), { name: "RequestError", status, message });
    }
  });

  test("waits by itself when it is braked, and gets what it came for", async () => {
    const { name, account, ada } = await addInstance(service);
    await service.instruments({ frozenAt: Date.now() });
    try {
      const path = `/v1.1/instances/${name}/users/${ada.id}/`;
      await Promise.all(Array.from({ length: 60 }, () => service.call("GET", path, { headers: keyHeaders(account.full) })));
      const pending = sent(connect({ accountKey: account.full.key }).User.please().resetKey({ instanceName: name, id: ada.id }));
      await until(() => wire.heard.length > 0, "a first answer");
      await service.instruments({ frozenAt: null });
      const { user_key: key } = await pending;
      assert.match(key, /^[0-9a-f]{40}$/);
      assert.deepEqual(said(), [
        ["POST", `${path}reset_key/`, "{}", 429],
        ["POST", `${path}reset_key/`, "{}", 200],
      ]);
    } finally {
      await service.instruments({ frozenAt: null });
    }
  });
});

/**
 * PyPI `syncano` 5.4.6 sends this, and nothing when it connects. It is Python, so its requests are made here in its place.
 */
describe("the requests of PyPI syncano 5.4.6", () => {
  const AGENT = { "user-agent": "python-requests/2.7.0", accept: "*/*", "content-type": "application/json" };

  for (const [who, headersOf] of /** @type {[string, (instance: any) => Record<string, string>][]} */ ([
    ["with an API key", ({ account }) => ({ authorization: `token ${account.full.key}` })],
    ["with a user's key", ({ program, ada }) => keyHeaders(program.plain, ada)],
  ])) {
    test(`${who}: a user, twice the class of its profile, a new key`, async () => {
      const instance = await addInstance(service);
      const { name, ada } = instance;
      const headers = { ...AGENT, ...headersOf(instance) };
      const root = `/v1.1/instances/${name}`;
      const user = await service.call("GET", `${root}/users/${ada.id}/`, { headers });
      assert.deepEqual([user.status, user.json], [200, userBody(instance, ada, "v1.1")]);
      for (let count = 0; count < 2; count += 1) {
        const { status, json } = await service.call("GET", `${root}/classes/user_profile/`, { headers });
        assert.deepEqual([status, json], [200, classBody(instance, "v1.1")]);
        assert.ok(Array.isArray(json.schema), "else the client breaks");
      }
      const reset = await service.call("POST", `${root}/users/${ada.id}/reset_key/`, {
        headers: { ...headers, "content-length": "0" },
      });
      assert.deepEqual([reset.status, reset.json], [200, userBody(instance, ada, "v1.1", reset.json.user_key)]);
      assert.notEqual(reset.json.user_key, ada.key);
    });
  }

  test("times are what it reads: microseconds and a Z", async () => {
    const instance = await addInstance(service);
    const { json } = await service.call("GET", `/v1.1/instances/${instance.name}/users/${instance.ada.id}/`, {
      headers: keyHeaders(instance.account.read),
    });
    for (const time of [json.profile.created_at, json.profile.updated_at])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });
});
