/** Where the user-key API takes keys from, and which counts when there are several. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  assertFine,
  DENIED,
  keyHeaders,
  NO_KEY,
  newProgramKey,
  newUserKey,
  userBody,
} from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile();

/** Where a key may be put, the first that counts first. */
const API_KEY_PLACES = {
  "X-API-KEY": (/** @type {string} */ key) => ({ headers: { "x-api-key": key } }),
  api_key: (/** @type {string} */ key) => ({ query: { api_key: key } }),
  apikey: (/** @type {string} */ key) => ({ query: { apikey: key } }),
  Authorization: (/** @type {string} */ key) => ({ headers: { authorization: `token ${key}` } }),
};
const USER_KEY_PLACES = {
  "X-USER-KEY": (/** @type {string} */ key) => ({ headers: { "x-user-key": key } }),
  user_key: (/** @type {string} */ key) => ({ query: { user_key: key } }),
  userkey: (/** @type {string} */ key) => ({ query: { userkey: key } }),
};

/** @param {string} path @param {{headers?: Record<string, string>, query?: Record<string, string>}[]} parts */
function callWith(path, parts, method = "GET") {
  const query = new URLSearchParams(Object.assign({}, ...parts.map(({ query }) => query)));
  return service.call(method, `${path}?${query}`, {
    headers: Object.assign({}, ...parts.map(({ headers }) => headers)),
  });
}

describe("keys", () => {
  test("are found in each of their places, in either case", async () => {
    const instance = await addInstance(service);
    const path = `/v1.1/instances/${instance.name}/user/`;
    for (const [apiPlace, api] of Object.entries(API_KEY_PLACES)) {
      for (const [userPlace, user] of Object.entries(USER_KEY_PLACES)) {
        const { key } = instance.program.plain;
        const answer = await callWith(path, [api(key), user(instance.ada.key)]);
        assertFine(answer, userBody(instance, instance.ada, "v1.1"));
        const loud = await callWith(path, [api(key.toUpperCase()), user(instance.ada.key.toUpperCase())]);
        assert.equal(loud.status, 200, `${apiPlace} and ${userPlace} in capitals`);
      }
    }
  });

  test("come after any word in Authorization", async () => {
    const { name, account, ada } = await addInstance(service);
    const path = `/v1/instances/${name}/users/${ada.id}/`;
    /** @param {string} authorization */
    const call = (authorization) => service.call("GET", path, { headers: { authorization } });
    for (const word of ["token", "Token", "ApiKey", "Bearer", "Basic", "x"])
      assert.equal((await call(`${word} ${account.read.key}`)).status, 200, word);
    for (const gap of ["\t", "  ", " \t "])
      assert.equal((await call(`token${gap}${account.read.key}`)).status, 200, JSON.stringify(gap));
    for (const nothing of ["", "token", account.read.key]) assertDetail(await call(nothing), 403, DENIED, nothing);
    assertDetail(await call(`token ${newUserKey()}`), 403, NO_KEY);
  });

  for (const [kind, places] of Object.entries({ "API key": API_KEY_PLACES, "user key": USER_KEY_PLACES })) {
    const ordered = Object.entries(places);
    const pairs = ordered.flatMap(([first, putFirst], index) =>
      ordered.slice(index + 1).map(([second, putSecond]) => ({ first, second, putFirst, putSecond })),
    );
    for (const { first, second, putFirst, putSecond } of pairs) {
      test(`the ${kind} in ${first} counts before that in ${second}, unless it is empty`, async () => {
        const instance = await addInstance(service);
        const path = `/v1.1/instances/${instance.name}/user/`;
        const [good, beside] =
          kind === "API key"
            ? [instance.program.plain.key, keyHeaders(undefined, instance.ada)]
            : [instance.ada.key, keyHeaders(instance.program.plain)];
        /** @param {string} one @param {string} other */
        const call = (one, other) => callWith(path, [{ headers: beside }, putFirst(one), putSecond(other)]);
        assert.equal((await call(good, newUserKey())).status, 200);
        assert.equal((await call(good, "nonsense")).status, 200);
        assert.equal((await call("", good)).status, 200, "an empty one gives way");
        for (const bad of [newUserKey(), newProgramKey(), "nonsense", good.slice(1)])
          assertDetail(await call(bad, good), 403, NO_KEY);
      });
    }
  }

  test("of two users in two places: the header's counts", async () => {
    const instance = await addInstance(service);
    const path = `/v1/instances/${instance.name}/user/`;
    const parts = [{ headers: keyHeaders(instance.program.plain, instance.ada) }, { query: { user_key: instance.bob.key } }];
    assert.equal((await callWith(path, parts)).json.id, instance.ada.id);
    assert.equal((await callWith(path, [...parts, { headers: { "x-user-key": "" } }])).json.id, instance.bob.id);
  });

  test("in a body are ignored, and so are other parameters", async () => {
    const { name, account, ada } = await addInstance(service);
    const path = `/v1/instances/${name}/users/${ada.id}/`;
    const form = { body: `api_key=${account.full.key}`, headers: { "content-type": "application/x-www-form-urlencoded" } };
    assertDetail(await service.call("POST", `${path}reset_key/`, form), 403, DENIED);
    assert.equal((await callWith(path, [{ query: { api_key: account.full.key, format: "json", _: "1" } }])).status, 200);
    assertDetail(await service.call("GET", `${path}?api_key=%ff&&=&api_key`), 403, NO_KEY);
    assertDetail(await service.call("GET", `${path}?&&=&api_key`), 403, DENIED);
  });
});
