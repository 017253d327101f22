/** The user-key API as its published clients know it: routes, answers, where keys are taken from, the order of checks. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  assertFine,
  assertWireHeaders,
  classBody,
  DENIED,
  EVERY_ROUTE,
  keyHeaders,
  NO_INSTANCE,
  NO_KEY,
  NOT_FOUND,
  newProgramKey,
  newUserKey,
  notAllowed,
  userBody,
  VERSIONS,
} from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Options } from "./support/http.mjs" */
/** @import { Instance } from "./support/instances.mjs" */

const service = await serviceForThisFile({ instrumented: true });

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "MKCOL", "REPORT"];
/** @param {string} method */
const served = (method) => (method === "GET" ? ["GET", "HEAD"] : [method]);
/** @param {string} [text] */
const listed = (text) => (text ?? "").toLowerCase().split(/, */).sort();

/** Answers what the four routes do of `instance.ada`, by the routes' names. */
const bodies = {
  reset: (
    /** @type {Instance} */ instance,
    /** @type {string} */ version,
    /** @type {{json: {user_key: string | undefined}}} */ answer,
  ) => userBody(instance, instance.ada, version, answer.json.user_key),
  user: (/** @type {Instance} */ instance, /** @type {string} */ version) => userBody(instance, instance.ada, version),
  own: (/** @type {Instance} */ instance, /** @type {string} */ version) => userBody(instance, instance.ada, version),
  class: (/** @type {Instance} */ instance, /** @type {string} */ version) => classBody(instance, version),
};

describe("the routes", () => {
  for (const { name, version, method, path } of EVERY_ROUTE) {
    test(`${method} ${path("{instance}", "{id}")} answers as the published clients expect it`, async () => {
      const instance = await addInstance(service);
      const { plain } = instance.program;
      const answer = await service.call(method, path(instance.name, instance.ada.id), {
        headers: keyHeaders(plain, instance.ada),
      });
      assertFine(answer, bodies[name](instance, version, answer));
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      if (name === "reset") assert.match(answer.json.user_key, /^[0-9a-f]{39}[02468ace]$/, "the parity of a user key");
      else assert.doesNotMatch(answer.text, /user_key/, "a key is shown where it was made and nowhere else");
    });

    test(`${method} ${path("{instance}", "{id}")} without its trailing slash is 404`, async () => {
      const { name: instance, ada, account } = await addInstance(service);
      const bare = path(instance, ada.id).slice(0, -1);
      for (const headers of [keyHeaders(account.full), {}]) {
        for (const any of [method, "DELETE"]) assertDetail(await service.call(any, bare, { headers }), 404, NOT_FOUND);
      }
      assertDetail(await service.call(method, `${bare}//`, { headers: keyHeaders(account.full) }), 404, NOT_FOUND);
    });

    test(`${method} ${path("{instance}", "{id}")}: every other method is 405 to callers with permission`, async () => {
      const instance = await addInstance(service);
      const headers = keyHeaders(instance.program.plain, instance.ada);
      for (const other of METHODS.filter((one) => !served(method).includes(one))) {
        const answer = await service.call(other, path(instance.name, instance.ada.id), { headers });
        if (other === "HEAD") assert.deepEqual([answer.status, answer.text], [405, ""]);
        else assertDetail(answer, 405, notAllowed(other));
        assertWireHeaders(answer);
        const allowed = listed(answer.headers.allow).filter((/** @type {string} */ one) => one !== "options");
        assert.deepEqual(allowed, listed(served(method).join(", ")), other);
      }
      assert.deepEqual(await service.audit(), []);
    });

    test(`OPTIONS ${path("{instance}", "{id}")} is answered without a key`, async () => {
      for (const instance of [(await addInstance(service)).name, "nowhere", "a.b"]) {
        const answer = await service.call("OPTIONS", path(instance), {
          headers: {
            origin: "https://app.example",
            "access-control-request-method": method,
            "access-control-request-headers": "x-api-key,x-user-key",
          },
        });
        assert.deepEqual([answer.status, answer.text], [204, ""]);
        assert.equal(answer.headers["access-control-allow-origin"], "*");
        assert.ok(listed(answer.headers["access-control-allow-methods"]).includes(method.toLowerCase()));
        const headers = listed(answer.headers["access-control-allow-headers"]);
        for (const header of ["x-api-key", "x-user-key", "authorization", "content-type"])
          assert.ok(headers.includes(header), header);
        assert.equal(answer.headers["x-d1-round-trips"], "0");
      }
    });
  }

  test("HEAD answers what GET does, without a body", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.program.plain, instance.ada);
    for (const { method, path } of EVERY_ROUTE.filter((route) => route.method === "GET")) {
      /** @param {string} one */
      const call = (one, given = headers) => service.call(one, path(instance.name, instance.ada.id), { headers: given });
      const [get, head] = [await call(method), await call("HEAD")];
      assert.deepEqual([head.status, head.text, head.headers["content-type"]], [get.status, "", get.headers["content-type"]]);
      assertWireHeaders(head);
      assert.equal((await call("HEAD", {})).status, 403);
    }
  });

  test("other paths are 404, with a valid key too", async () => {
    const { name, ada, account } = await addInstance(service);
    for (const version of VERSIONS) {
      for (const path of [
        "",
        "instances/",
        `instances/${name}/`,
        `instances/${name}/users/`,
        `instances/${name}/users/${ada.id}/groups/`,
        `instances/${name}/classes/other/`,
        `instances/${name}/users/${ada.id}/reset_key/x/`,
        `instances/${name}/USER/`,
      ]) {
        for (const method of ["GET", "POST"]) {
          assertDetail(
            await service.call(method, `/${version}/${path}`, { headers: keyHeaders(account.full) }),
            404,
            NOT_FOUND,
            path,
          );
        }
      }
    }
  });

  test("a user that does not exist, is of another instance or is not the key's is 404", async () => {
    const [instance, other] = [await addInstance(service), await addInstance(service)];
    for (const { name, method, path } of EVERY_ROUTE.filter((route) => ["reset", "user"].includes(route.name))) {
      for (const id of [other.ada.id, other.ada.id + 1000]) {
        for (const key of [instance.account.full, instance.program.ignoreAcl]) {
          assertDetail(await service.call(method, path(instance.name, id), { headers: keyHeaders(key) }), 404, NOT_FOUND, name);
        }
      }
      const ofBob = { headers: keyHeaders(instance.program.ignoreAcl, instance.bob) };
      assertDetail(
        await service.call(method, path(instance.name, instance.ada.id), ofBob),
        404,
        NOT_FOUND,
        "a user's key opens that user alone",
      );
    }
    assert.deepEqual(await service.audit(), []);
  });
});

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

describe("the order of checks", () => {
  for (const { name, method, path } of EVERY_ROUTE) {
    test(`${method} ${path("{instance}", "{id}")}: instance, key, permission, method, user`, async () => {
      const instance = await addInstance(service);
      const wrong = method === "GET" ? "DELETE" : "GET";
      const nobody = 9_000_000;
      /** @param {string} one @param {string} where @param {string | number} id @param {Record<string, string>} headers */
      const call = (one, where, id, headers) => service.call(one, path(where, id), { headers });
      for (const one of [method, wrong]) {
        for (const id of [instance.ada.id, nobody, "x"]) {
          for (const headers of /** @type {Record<string, string>[]} */ ([
            {},
            { "x-api-key": "x" },
            keyHeaders({ id: "", key: newUserKey() }),
            keyHeaders(instance.account.full),
          ])) {
            for (const where of ["nowhere", "a.b"]) assertDetail(await call(one, where, id, headers), 404, NO_INSTANCE);
          }
          assertDetail(await call(one, instance.name, id, { "x-api-key": newProgramKey() }), 403, NO_KEY);
          assertDetail(
            await call(one, instance.name, id, keyHeaders(instance.program.plain, { key: newUserKey() })),
            403,
            NO_KEY,
          );
          assertDetail(await call(one, instance.name, id, {}), 403, DENIED);
          assertDetail(await call(one, instance.name, id, keyHeaders(instance.program.plain)), 403, DENIED);
        }
      }
      const own = keyHeaders(instance.program.plain, instance.ada);
      for (const id of [nobody, "x"]) assertDetail(await call(wrong, instance.name, id, own), 405, notAllowed(wrong));
      if (["reset", "user"].includes(name)) assertDetail(await call(method, instance.name, nobody, own), 404, NOT_FOUND);
    });
  }
});

describe("bodies", () => {
  /** @type {Record<string, Options>} */
  const BODIES = {
    "an empty object": { json: {} },
    "what no JSON is": { body: "{", headers: { "content-type": "application/json" } },
    "a list": { json: [1, 2] },
    bytes: { body: Buffer.from([0xff, 0, 0xfe]), headers: { "content-type": "application/octet-stream" } },
    "a form": { body: "id=1&user_key=x", headers: { "content-type": "application/x-www-form-urlencoded" } },
    "text of no type": { body: "x", headers: {} },
    chunks: { body: ["{", "}"], headers: { "content-type": "text/plain", "transfer-encoding": "chunked" } },
    "200 KB": { body: "x".repeat(200 * 1024), headers: { "content-type": "application/json" } },
    "nothing, announced": { body: "", headers: { "content-type": "application/json" } },
  };

  for (const [what, { headers: given = {}, ...body }] of Object.entries(BODIES)) {
    test(`${what}: it is ignored, on GET too`, async () => {
      const instance = await addInstance(service);
      for (const { name, version, method, path } of EVERY_ROUTE) {
        const headers = { ...given, ...keyHeaders(instance.program.plain, instance.ada) };
        const answer = await service.call(method, path(instance.name, instance.ada.id), { ...body, headers });
        assertFine(answer, bodies[name](instance, version, answer));
        if (name === "reset") instance.ada.key = answer.json.user_key;
        assertDetail(await service.call(method, path(instance.name, instance.ada.id), { ...body, headers: given }), 403, DENIED);
      }
    });
  }
});

describe("bad input", () => {
  const IDS = [
    "0",
    "-1",
    "+1",
    "1e3",
    "1.0",
    "01",
    "0x1",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740992",
    "1".repeat(100),
    "%2e",
    "%2e%2e",
    "%00",
    "%ff",
    "%c3",
    "%D9%A3",
    "%EF%BC%91",
    "%20",
    "1%20",
    "%201",
    "1%2f",
    "%31%00",
    "",
    "1;2",
    "null",
    "NaN",
    "'",
    "*",
  ];

  for (const id of IDS) {
    test(`the id ${JSON.stringify(id.slice(0, 24))} belongs to no user`, async () => {
      const { name, account, program } = await addInstance(service);
      for (const { method, path } of EVERY_ROUTE.filter((route) => ["reset", "user"].includes(route.name))) {
        assertDetail(await service.call(method, path(name, id), { headers: keyHeaders(account.full) }), 404, NOT_FOUND);
        // Without a path segment for the id there is no route.
        const isSegment = !["", "%2e", "%2e%2e"].includes(id);
        if (isSegment)
          assertDetail(await service.call(method, path(name, id), { headers: keyHeaders(program.plain) }), 403, DENIED);
      }
    });
  }

  test("an instance's name has up to 64 letters, digits, hyphens and underscores, in either case", async () => {
    for (const name of ["a".repeat(64), "x", "0-_", "rivia_2-b"]) {
      const instance = await addInstance(service, name);
      for (const written of [name, name.toUpperCase()]) {
        const headers = keyHeaders(instance.program.plain, instance.ada);
        assertFine(
          await service.call("GET", `/v1.1/instances/${written}/user/`, { headers }),
          userBody(instance, instance.ada, "v1.1"),
        );
      }
    }
  });

  for (const name of [
    "a".repeat(65),
    "%C3%A4",
    "%E2%84%AA",
    "a%2fb",
    "%ff",
    "a%00",
    "a.b",
    "a%20b",
    "%2525",
    "a%0a",
    "-%27",
    "a".repeat(4000),
    "",
  ]) {
    test(`the instance ${JSON.stringify(name.slice(0, 24))} is not there, and D1 isn't asked for it`, async () => {
      const { account } = await addInstance(service);
      for (const { method, path } of EVERY_ROUTE) {
        const answer = await service.call(method, path(name), { headers: keyHeaders(account.full) });
        assertDetail(answer, 404, NO_INSTANCE);
        assert.equal(answer.headers["x-d1-round-trips"], "0");
      }
    });
  }

  for (const dots of ["%2e", "%2e%2e"]) {
    test(`the instance ${dots} is 404 on every route`, async () => {
      for (const { method, path } of EVERY_ROUTE) {
        const answer = await service.call(method, path(dots));
        assert.deepEqual([answer.status, Object.keys(answer.json)], [404, ["detail"]]);
      }
    });
  }

  test("a malformed key is refused as an unknown one", async () => {
    const instance = await addInstance(service);
    const { ada, program } = instance;
    const long = "x".repeat(8000);
    for (const bad of [
      ada.key.slice(1),
      `${ada.key}0`,
      `${ada.key.slice(1)}g`,
      `0x${ada.key.slice(2)}`,
      "x",
      "'; --",
      long,
      `${ada.key} ${ada.key}`,
      "\xff".repeat(40),
    ]) {
      for (const { method, path } of EVERY_ROUTE) {
        const where = path(instance.name, ada.id);
        assertDetail(await service.call(method, where, { headers: { "x-api-key": bad } }), 403, NO_KEY);
        assertDetail(await service.call(method, where, { headers: keyHeaders(program.ignoreAcl, { key: bad }) }), 403, NO_KEY);
        assertDetail(await service.call(method, `${where}?api_key=${encodeURIComponent(bad)}`), 403, NO_KEY);
      }
    }
  });

  for (const byte of ["\x01", "\x1f", "\x7f", "\xff"]) {
    test(`a key with the byte ${byte.charCodeAt(0)} is refused, and in other headers the byte is ignored`, async () => {
      const instance = await addInstance(service);
      const {
        program,
        ada,
        account: {
          full: { key },
        },
      } = instance;
      for (const { name, version, method, path } of EVERY_ROUTE) {
        const where = path(instance.name, ada.id);
        const good = keyHeaders(program.plain, ada);
        for (const headers of /** @type {Record<string, string>[]} */ ([
          { "x-api-key": byte },
          { "x-api-key": byte + key },
          { "x-api-key": key + byte },
          { ...good, "x-user-key": byte },
          { ...good, "x-user-key": byte + ada.key },
          { ...good, "x-user-key": ada.key + byte },
          { authorization: `token ${byte}${key}` },
          { authorization: `token ${key}${byte}` },
        ]))
          assertDetail(await service.callRaw(method, where, headers), 403, NO_KEY, JSON.stringify(headers));
        const answer = await service.callRaw(method, where, { ...good, "content-type": `text/${byte}plain`, accept: byte });
        assertFine(answer, bodies[name](instance, version, answer));
        if (name === "reset") ada.key = answer.json.user_key;
      }
    });
  }

  test("a key header that is sent twice is refused as an unknown key", async () => {
    const { name, ada, program } = await addInstance(service);
    /** @param {string} key */
    const twice = (key) => [key, key];
    const path = `/v1/instances/${name}/user/`;
    assertDetail(
      await service.call("GET", path, { headers: { "x-api-key": twice(program.plain.key), "x-user-key": ada.key } }),
      403,
      NO_KEY,
    );
    assertDetail(
      await service.call("GET", path, { headers: { "x-api-key": program.plain.key, "x-user-key": twice(ada.key) } }),
      403,
      NO_KEY,
    );
  });
});
