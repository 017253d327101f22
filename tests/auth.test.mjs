/**
 * Who gets in: the admin pair over every route that asks for it, as openapi.json lists them. Thousands of calls, so without
 * wrangler's proxies.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { pathOf, routes } from "./support/openapi.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { tokensOfAdministrators } from "./support/tokens.mjs";

/** @import { Answer, Options } from "./support/http.mjs" */

const PREVIOUS = "the-admin-key-before-the-rotation";

const service = await serviceForThisFile({ instrumented: true, secrets: { ADMIN_API_KEY_PREVIOUS: PREVIOUS } });
const key = service.adminKey;
const adminRoutes = routes.filter(({ access }) => access === "admin");

/** By what is special about them; whether they hold the key. */
/** @type {Record<string, [right: boolean, headers: Record<string, string | string[]>]>} */
const keys = {
  "no key": [false, {}],
  "a wrong key": [false, { "x-admin-api-key": "wrong" }],
  "an empty key": [false, { "x-admin-api-key": "" }],
  "the beginning of the key": [false, { "x-admin-api-key": key.slice(0, -1) }],
  "the key and more": [false, { "x-admin-api-key": `${key}x` }],
  "the key in capitals": [false, { "x-admin-api-key": key.toUpperCase() }],
  "the key twice": [false, { "x-admin-api-key": [key, key] }],
  "the key as a bearer only": [false, { authorization: `Bearer ${key}` }],
  "a wrong X-API-Key": [false, { "x-api-key": "wrong" }],
  "an empty X-API-Key": [false, { "x-api-key": "" }],
  "the right X-API-Key beside a wrong X-Admin-API-Key": [false, { "x-admin-api-key": "wrong", "x-api-key": key }],
  "the right X-API-Key beside an empty X-Admin-API-Key": [false, { "x-admin-api-key": "", "x-api-key": key }],
  "the right key": [true, { "x-admin-api-key": key }],
  "the right key as X-API-Key": [true, { "x-api-key": key }],
  "the right key beside a wrong X-API-Key": [true, { "x-admin-api-key": key, "x-api-key": "wrong" }],
  "the previous key": [true, { "x-admin-api-key": PREVIOUS }],
  "the previous key as X-API-Key": [true, { "x-api-key": PREVIOUS }],
};

/**
 * @param {{method: string, path: string}} route
 * @param {Record<string, any>} headers
 */
const knock = (route, headers) => service.call(route.method, pathOf(route), { headers });

/**
 * Asserts that a caller was turned away, and that nothing else had happened.
 * @param {Answer} answer
 * @param {number} status
 * @param {string} who
 */
function assertTurnedAway(answer, status, who) {
  assertError(answer, status, status === 403 ? "You do not have permission to perform this action" : undefined);
  assert.equal(answer.headers["x-d1-round-trips"], "0", `${who}: D1 was asked`);
  assert.deepEqual(service.upstream().all, [], `${who}: 3dEye was called`);
}

/**
 * @param {Answer} answer
 * @param {string} who
 */
function assertLetIn(answer, who) {
  assert.ok(![401, 403, 500, 501].includes(answer.status), `${who}: ${answer.status} ${answer.text}`);
}

describe("the admin pair", () => {
  test("is required by every route under /admin, and by no other", () => {
    assert.deepEqual(
      adminRoutes,
      routes.filter(({ path }) => path.startsWith("/admin/")),
    );
    assert.ok(adminRoutes.length >= 7);
  });

  for (const route of adminRoutes) {
    test(`${route.method} ${route.path}: every defective token is refused`, async () => {
      const tokens = tokensOfAdministrators(service);
      for (const [name, { verdict, authorization }] of Object.entries(tokens)) {
        if (verdict !== 200) assertTurnedAway(await knock(route, { "x-admin-api-key": key, authorization }), verdict, name);
      }
    });

    test(`${route.method} ${route.path}: without the right key every token is refused`, async () => {
      const tokens = tokensOfAdministrators(service);
      const without = Object.entries(keys).filter(([, [right]]) => !right);
      for (const [keyName, [, headers]] of without) {
        for (const [tokenName, { authorization }] of /** @type {[string, {authorization?: string | string[]}][]} */ ([
          ["RS256", tokens.RS256],
          ["no token", {}],
          ["expired", tokens.expired],
        ])) {
          const given = { authorization, ...headers };
          assertTurnedAway(await knock(route, given), 401, `${keyName}, ${tokenName}`);
        }
      }
      for (const [tokenName, { authorization }] of Object.entries(tokens)) {
        for (const headers of [{}, { "x-admin-api-key": "wrong" }]) {
          assertTurnedAway(await knock(route, { authorization, ...headers }), 401, tokenName);
        }
      }
    });

    test(`${route.method} ${route.path}: every right key opens together with a right token`, async () => {
      const { authorization } = tokensOfAdministrators(service).RS256;
      for (const [name, [right, headers]] of Object.entries(keys)) {
        if (right) assertLetIn(await knock(route, { authorization, ...headers }), name);
      }
    });

    test(`${route.method} ${route.path}: every right token opens together with the right key`, async () => {
      const tokens = tokensOfAdministrators(service);
      for (const [name, { verdict, authorization }] of Object.entries(tokens)) {
        if (verdict === 200) assertLetIn(await knock(route, { "x-admin-api-key": key, authorization }), name);
      }
    });
  }

  test("is checked before the body, the path and the query", async () => {
    const user = "x".repeat(200);
    const stranger = { authorization: `Bearer ${service.mint({ claims: { email: "ada@evil.example", email_verified: true } })}` };
    for (const [method, path, options] of /** @type {[string, string, Options][]} */ ([
      ["GET", `/admin/threedeye/users/${user}`, {}],
      ["POST", "/admin/backfill-threedeye?limit=abc", {}],
      ["POST", "/admin/api-keys", { body: "{", headers: { "content-type": "text/plain" } }],
      ["POST", "/admin/threedeye/users/x/reset", { body: "x".repeat(70_000) }],
    ])) {
      assertError(await service.call(method, path, options), 401);
      assertError(await service.admin(method, path, { ...options, headers: { ...options.headers, ...stranger } }), 403);
    }
  });

  test("admin authentication costs no D1 call", async () => {
    const answer = await service.admin("POST", "/admin/backfill-threedeye?limit=abc");
    assertError(answer, 400);
    assert.equal(answer.headers["x-d1-round-trips"], "0");
  });

  test("the cause of a refusal goes to the log", async () => {
    const tokens = tokensOfAdministrators(service);
    /** @param {{"x-admin-api-key"?: string, authorization?: string | string[] | undefined}} headers */
    const cause = async (headers) =>
      (await service.lineOf(await service.call("GET", "/admin/api-keys", { headers })))["error.cause"];
    const right = { "x-admin-api-key": key };
    assert.equal(await cause({}), "admin_key_missing");
    assert.equal(await cause({ "x-admin-api-key": "wrong" }), "admin_key_wrong");
    assert.equal(await cause({ ...right }), "credentials_missing");
    assert.equal(await cause({ ...right, authorization: tokens.expired.authorization }), "expired");
    assert.equal(await cause({ ...right, authorization: tokens["alg none"].authorization }), "algorithm_not_allowed");
    assert.equal(await cause({ ...right, authorization: tokens["another issuer"].authorization }), "issuer_wrong");
    assert.equal(
      await cause({ ...right, authorization: tokens['e-mail "ada@evil.example"'].authorization }),
      "domain_not_allowed",
    );
  });

  test("the log names an administrator by a masked e-mail and the key's fingerprint", async () => {
    const line = await service.lineOf(await service.admin("GET", "/admin/api-keys"));
    assert.match(line["caller.name"], /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com \(auth0\|ada\)$/);
    const previous = await service.lineOf(
      await service.admin("GET", "/admin/api-keys", { headers: { "x-admin-api-key": PREVIOUS } }),
    );
    assert.notEqual(previous["caller.name"], line["caller.name"]);
  });
});

describe("public routes", () => {
  for (const route of routes.filter(({ access }) => access === "public")) {
    test(`${route.method} ${route.path} needs no credentials, and ignores wrong ones`, async () => {
      const { status } = await knock(route, {});
      // What signs a person in says here that sign-in is not configured.
      assert.equal(status, route.path.startsWith("/console/auth/") ? 503 : 200);
      assert.equal((await knock(route, { "x-admin-api-key": "wrong", authorization: "Bearer x" })).status, status);
    });
  }
});
