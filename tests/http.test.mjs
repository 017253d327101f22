/** Bad input: the documented 4xx, naming the field, never a 5xx. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { answersHead, pathOf, routeOf, routes } from "./support/openapi.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ wrangler: true });

// The user-key API and the account API have rules of their own: user-keys*.test.mjs, account-*.test.mjs.
const own = routes.filter(({ access }) => !["instance", "person"].includes(access));
/** Those that take the admin pair or no credentials: a session has tests of its own. */
const open = own.filter(({ access }) => access !== "console");
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "REPORT"];
const LIMIT = 64 * 1024;
const KEYS = "/admin/api-keys";
/** @typedef {import("./support/openapi.mjs").Route} Route */

/** @param {string} id */
const resetOf = (id) => `/admin/threedeye/users/${id}/reset`;
const json = { "content-type": "application/json" };

/** A valid order for a key, padded with blanks to so many bytes. @param {number} bytes */
const orderOfSize = (bytes) => JSON.stringify({ scopes: ["threedeye:read"] }).padEnd(bytes, " ");

describe("paths and methods", () => {
  test("an unknown path is 404 by any method, to administrators too", async () => {
    for (const path of [
      "/",
      "/admin",
      "/admin/",
      "/users",
      "/admin/threedeye/users/",
      "/health/",
      "//health",
      "/Health",
      "/admin/threedeye/users/a/b/reset",
    ]) {
      for (const method of ["GET", "POST", "DELETE", "PROPFIND"])
        assertError(await service.call(method, path), 404, "The requested resource was not found");
    }
    assertError(await service.admin("GET", "/admin/no-such-thing"), 404);
  });

  for (const path of new Set(own.map((route) => route.path))) {
    test(`${path} with a method that it does not have is 405 with Allow, never a GET`, async () => {
      // An id may be called as the last part of another path.
      const isHere = (/** @type {Route} */ route) =>
        route.path === path || (path.startsWith("/admin/") && route.pattern.test(pathOf({ path })));
      const here = own.filter(isHere);
      const allowed = new Set([...here.map(({ method }) => method), ...(here.some(answersHead) ? ["HEAD"] : [])]);
      for (const method of METHODS.filter((one) => !allowed.has(one))) {
        const answer = await service.call(method, pathOf({ path }));
        if (method === "HEAD") assert.equal(answer.status, 405);
        else assertError(answer, 405, "The method is not allowed for this resource");
        assert.deepEqual((answer.headers.allow ?? "").split(/, ?/).sort(), [...allowed].sort(), `Allow of ${method}`);
      }
      assert.deepEqual(service.upstream().all, []);
    });
  }

  test("HEAD answers what GET does, without a body", async () => {
    for (const path of ["/health", "/admin/api-keys", "/admin/users/no-such-user", "/admin/threedeye/backfill/runs"]) {
      const [get, head] = [await service.admin("GET", path), await service.admin("HEAD", path)];
      assert.equal(head.status, get.status, path);
      assert.equal(head.text, "");
      assert.equal(head.headers["content-type"], get.headers["content-type"]);
      assert.equal(head.headers["cache-control"], get.headers["cache-control"]);
      // GET's, or none (RFC 9110, section 9.3.2).
      const length = head.headers["content-length"];
      if (length !== undefined) assert.equal(length, String(Buffer.byteLength(get.text)), path);
    }
    assert.equal((await service.call("HEAD", "/admin/api-keys")).status, 401);
  });

  test("every answer has a request id of its own, whatever id the client sent", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        service.call("GET", ["/health", "/nowhere", "/admin/api-keys"][index % 3], { headers: { "x-request-id": "req_mine" } }),
      ),
    );
    assert.equal(new Set(answers.map(({ headers }) => headers["x-request-id"])).size, answers.length);
  });
});

test("the description is served as it is checked in, without the Worker", async () => {
  const checkedIn = readFileSync(new URL("../openapi.json", import.meta.url), "utf8");
  const [get, head] = await Promise.all(["GET", "HEAD"].map((method) => fetch(`${service.url}/openapi.json`, { method })));
  assert.equal(await get?.text(), checkedIn);
  assert.equal(await head?.text(), "");
  for (const answer of [get, head]) {
    assert.equal(answer?.status, 200);
    assert.match(answer?.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(answer?.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert.equal(answer?.headers.get("x-request-id"), null, "the Worker was not called");
  }
});

describe("bodies", () => {
  test("a body that is not declared as JSON is 415", async () => {
    for (const type of [
      undefined,
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "application/json2",
      "multipart/form-data",
      "",
    ]) {
      const headers = { "content-type": type };
      assertError(await service.admin("POST", KEYS, { body: "{}", headers }), 415, "The request body must be application/json");
      assertError(await service.admin("POST", resetOf("x"), { body: "{}", headers }), 415);
    }
    assertError(await service.admin("POST", KEYS), 415);
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json ;charset=UTF-8"]) {
      assert.equal(
        (await service.admin("POST", resetOf("x"), { body: "{}", headers: { "content-type": type } })).status,
        200,
        type,
      );
    }
  });

  test("64 KiB are allowed and one byte more is 413, with and without an announced length", async () => {
    for (const body of [orderOfSize(LIMIT), [orderOfSize(LIMIT).slice(0, 1000), orderOfSize(LIMIT).slice(1000)]]) {
      assert.equal((await service.admin("POST", KEYS, { body, headers: json })).status, 201);
    }
    const large = orderOfSize(LIMIT + 1);
    for (const body of [large, [large.slice(0, 1000), large.slice(1000)], Buffer.alloc(1024 * 1024, " ")]) {
      assertError(
        await service.admin("POST", KEYS, { body, headers: json }),
        413,
        "The request body must be at most 65536 bytes",
      );
    }
    assert.equal((await service.sql("SELECT count(*) AS n FROM api_keys"))[0].n, 2, "nothing came of the large ones");
  });

  test("also where no body is read, one that is too large is 413", async () => {
    for (const route of open.filter(({ method }) => method !== "GET")) {
      assertError(await service.admin(route.method, pathOf(route), { body: "x".repeat(LIMIT + 1), headers: json }), 413);
    }
  });

  test("what is not JSON is 400", async () => {
    const broken = [
      "{",
      "",
      " ",
      "nul",
      '{"scopes":["threedeye:read"]',
      "{'scopes':[]}",
      '{"scopes":[NaN]}',
      '{"label":"\u0000"}',
      '{"label":"\\ud800"}',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from([0xff, 0xfe, 0x00]),
    ];
    for (const body of broken)
      assertError(await service.admin("POST", KEYS, { body, headers: json }), 400, "body: not valid JSON");
    assertError(await service.admin("POST", KEYS, { body: '{"scopes":["threedeye:read"]} {}', headers: json }), 400, /^body: /);
  });

  test("deep JSON is 400, where a value and where nothing is expected", async () => {
    const deep = "[".repeat(20_000) + "]".repeat(20_000);
    for (const body of [deep, `{"scopes":${deep}}`, `{"x":${deep}}`, `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`]) {
      assertError(await service.admin("POST", KEYS, { body, headers: json }), 400);
      assertError(await service.admin("POST", resetOf("x"), { body, headers: json }), 400);
    }
  });
});

describe("queries", () => {
  test("an unknown parameter is 400 and named", async () => {
    for (const route of open.filter(({ access }) => access !== "public")) {
      const body = route.operation === "createApiKey" ? { json: { scopes: ["threedeye:read"] } } : {};
      assertError(await service.admin(route.method, `${pathOf(route)}?Limit=1`, body), 400, "Limit: unknown parameter");
    }
  });
});

describe("whatever comes", () => {
  test("there is never a 5xx", async () => {
    // A generator of its own, so that a failure can be repeated.
    let state = 20_261_117;
    /** @template T @param {T[]} list @returns {T} */
    const draw = (list) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return list[state % list.length];
    };
    const pieces = [
      "admin",
      "users",
      "threedeye",
      "reset",
      "%00",
      "%2F",
      "..",
      "%",
      "%zz",
      "é",
      "'",
      '"',
      "x".repeat(300),
      "",
      "api-keys",
      "backfill",
      "runs",
      "3deye-credentials",
      "v1",
      "v1.1",
      "instances",
      "user",
      "reset_key",
      "0",
      "%F0%9F%98%80",
      ";",
      "*",
      "[",
      "{userId}",
    ];
    const bodies = [
      undefined,
      "",
      "{",
      "[]",
      "null",
      '{"scopes":["threedeye:read"]}',
      "\u0000",
      "x".repeat(5000),
      '{"a":1e999}',
      '{"clearMapping":true}',
    ];
    const queries = [
      "",
      "?",
      "?limit=1",
      "?limit",
      "?%",
      "?a=%FF",
      "?limit=1&limit=1",
      `?${"a&".repeat(500)}`,
      "?=",
      "?dryRun=true",
    ];
    // Without a provider signing in is 503, as it should be.
    const always = routes.filter(({ path }) => !path.startsWith("/console/"));
    for (let count = 0; count < 400; count += 1) {
      const path =
        count % 2 === 0
          ? pathOf(draw(always), { userId: draw(pieces), keyId: draw(pieces), instance: draw(pieces), id: draw(pieces) })
          : `/${Array.from({ length: 1 + (count % 4) }, () => draw(pieces)).join("/")}`;
      const url = encodeURI(path).replaceAll("%25", "%") + draw(queries);
      const headers = draw([
        {},
        json,
        { "content-type": "text/plain" },
        { authorization: "Bearer x" },
        { "x-api-key": `spk_${"A".repeat(43)}`, "x-admin-api-key": undefined, authorization: undefined },
      ]);
      const answer = await service.admin(draw(METHODS), url, { body: draw(bodies), headers });
      assert.ok(answer.status < 500, `${answer.status} for ${url}`);
    }
  });

  test("a very long URL and very many headers are no 5xx either", async () => {
    assert.ok((await service.admin("GET", `/admin/threedeye/users/${"a".repeat(6000)}`)).status < 500);
    assert.ok((await service.admin("POST", `/admin/backfill-threedeye?${"b".repeat(6000)}=1`)).status < 500);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-filler-${index}`, "y".repeat(50)]));
    assert.equal((await service.admin("GET", routeOf("listApiKeys").path, { headers: many })).status, 200);
  });
});
