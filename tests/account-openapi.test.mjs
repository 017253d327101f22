/** What openapi.json says of the account API: every answer that it lists is brought about, and its examples are taken. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, pathTo, totp, wrongTotp } from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { document, routes, routeTo } from "./support/openapi.mjs";
import { serviceForThisFile, servicesForThisFile } from "./support/service.mjs";

/** @import { Options } from "./support/http.mjs" */
/** @import { Route } from "./support/openapi.mjs" */
/** @import { Service } from "./support/service.mjs" */

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const { keyless, braked } = await servicesForThisFile({
  keyless: { vars: { JWT_JWKS_URL: "http://127.0.0.1:9/jwks.json" } },
  braked: { rateLimits: { AUTH_RATE_LIMITER: 5 } },
});
const api = new Accounts(service);
beforeEach(() => api.freeze());

const ours = routes.filter(({ access }) => access === "person");
const json = { "content-type": "application/json" };
/** Routes that need credentials. */
const guarded = ours.filter(({ path }) => !path.endsWith("/verify_email"));
/** @param {Route} given */
const operationOf = ({ path, method }) => document.paths[path][method.toLowerCase()];
/** @param {Route} given */
const at = ({ path }, uuid = "@me") => path.replace(/\{\w+\}/, uuid);
/** @param {Route} route */
const examplesOf = (route) =>
  Object.values(operationOf(route).requestBody?.content["application/json"].examples ?? {}).map(({ value }) => value);
/** @param {Service} over @param {Route} route @param {{authorization?: string}} headers @param {Options} [options] */
const call = (over, route, headers, options = {}, uuid = "@me") =>
  over.call(route.method, at(route, uuid), { ...options, headers: { ...headers, ...options.headers } });
const seen = () =>
  new Set(
    [service, keyless, braked]
      .flatMap(({ answers }) => answers)
      .flatMap(({ method, path, status }) => {
        const route = routeTo(method, path);
        return route ? [`${route.method} ${route.path} ${status}`] : [];
      }),
  );

describe("what goes well", () => {
  test("every operation, its aliases included", async () => {
    const user = await service.addUser();
    await api.joins(user, 7);
    const dashboard = await api.dashboard(7);
    for (const [start, proof] of [
      ["two_factor_start_setup", "two_factor_validate"],
      ["start_2fa_setup", "validate_2fa"],
    ]) {
      const { secret } = assertFine(await api.get(user, start));
      assertFine(await api.post(api.strong(user), proof, { token: totp(secret, api.now) }));
      assertFine(await api.verify(user, await api.nextCode(secret)));
    }
    assertFine(await api.post(user, "two_factor_backup_codes"));
    await api.status(user);
    assertFine(await api.post(api.strong(user), "two_factor_disable"));
    for (const [path, body, status] of /** @type {const} */ ([
      ["push_tokens", { token: "x", platform: "web" }, 200],
      ["push_tokens/unregister", { token: "x" }, 204],
      ["scene_personalisation", { scene: "Doors", dashboard }, 200],
    ]))
      assert.equal((await api.post(user, path, body)).status, status);
    await api.user(user);
    await api.user(api.staff(), user.id);
    for (const uuid of ["@me", user.id])
      assertFine(await api.patch(uuid === "@me" ? user : api.administrator(), { email: "new@residents.example" }, uuid));
    const { token } = (await receiver.came(2, "email_change_verification")).at(-1)?.data ?? {};
    assertFine(await service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token } }));
    await api.patch(user, { email: "third@residents.example" });
    assertFine(await api.call("PATCH", user, pathTo("", "cancel_email_change_request")));
    await api.patch(user, { email: "third@residents.example" });
    assertFine(await api.call("PATCH", user, pathTo("cancel_email_change_request")));
  });

  test("the examples of bodies are read as they stand", async () => {
    for (const route of ours) {
      const examples = examplesOf(route);
      if (operationOf(route).requestBody?.required) assert.ok(examples.length > 0, `${route.path} has no example`);
      for (const example of examples) {
        const { status, json: body } = await call(service, route, api.person(await service.addUser()), { json: example });
        // The state of the account may refuse them, their fields may not.
        const isRead =
          status < 300 ||
          (status === 400 &&
            ["token_invalid", "setup_expired", "2fa_not_enabled", "invalid_token", "does_not_exist"].includes(body.code));
        assert.ok(isRead, `${route.path}: ${JSON.stringify(body)}`);
      }
    }
  });
});

describe("what goes wrong", () => {
  test("400, by a body that breaks off", async () => {
    // A Worker without wrangler's proxy, which would not pass such a body on.
    const { authorization } = braked.personOf(await braked.addUser());
    for (const route of ours) {
      const answer = await braked.callRaw(
        route.method,
        at(route),
        { authorization, "content-length": "9", "content-type": "application/json" },
        "{",
      );
      assert.deepEqual([answer.status, answer.json.type, answer.json.code], [400, "invalid_request", "parse_error"], route.path);
    }
  });

  test("405, of a HEAD that would change something", async () => {
    const changing = ours.filter(({ path, method }) => method === "GET" && path.includes("setup"));
    assert.equal(changing.length, 2);
    const user = await service.addUser();
    for (const route of changing)
      assert.equal((await service.call("HEAD", at(route), { headers: api.person(user) })).status, 405);
    assert.deepEqual(await service.sql("SELECT user_id FROM second_factors"), []);
    // Of a key it notes when it was last used.
    assert.equal((await service.call("HEAD", pathTo("two_factor_status"), { headers: api.person(user) })).status, 405);
    assert.equal((await service.call("HEAD", pathTo(), { headers: api.person(user) })).status, 200);
  });

  test("415", async () => {
    const user = await service.addUser();
    for (const route of ours) {
      const { status } = await call(service, route, api.person(user), { body: "{}", headers: { "content-type": "text/plain" } });
      assert.equal(status === 415, operationOf(route).requestBody !== undefined, `${route.path}: ${status}`);
    }
  });

  test("401 and 403", async () => {
    const user = await service.addUser();
    const key = await api.apiKey(["threedeye:read"], user);
    for (const route of guarded) {
      assert.equal((await call(service, route, {})).status, 401, route.path);
      assert.equal((await call(service, route, { authorization: key.authorization })).status, 403, route.path);
    }
  });

  test("404, of a user that is not there", async () => {
    for (const route of guarded) {
      const body = route.path.includes("push_tokens") ? { token: "x", platform: "ios" } : { token: "x" };
      const { status } = await call(service, route, api.staff(), route.method === "GET" ? {} : { json: body });
      assert.equal(status, 404, route.path);
    }
    assert.ok(guarded.length > 10);
  });

  test("413", async () => {
    const user = await service.addUser();
    for (const route of ours) {
      assert.equal(
        (await call(service, route, api.person(user), { body: "x".repeat(70_000), headers: json })).status,
        413,
        route.path,
      );
    }
  });

  test("429, of codes that were wrong too often", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    await api.start(user);
    for (let count = 0; count < 5; count += 1) await api.verify(user, wrongTotp(secret, api.now));
    const doors = ["two_factor_verify", "two_factor_validate", "validate_2fa", "two_factor_disable", "two_factor_backup_codes"];
    for (const action of doors) {
      const token = totp(secret, api.now);
      assert.equal((await api.post(user, action, { token, current_token: token })).status, 429, action);
    }
  });

  test("429, of an address that keeps failing", async () => {
    for (const route of ours) {
      let answer;
      const body = route.method === "GET" ? {} : { json: { uuid: "nobody", token: "x" } };
      for (let count = 0; count < 12 && answer?.status !== 429; count += 1)
        answer = await call(braked, route, { authorization: "Bearer x" }, body);
      assert.equal(answer?.status, 429, route.path);
      assert.deepEqual([answer.json.type, answer.json.code], ["throttled_error", "throttled"]);
      assert.ok(Number(answer.headers["retry-after"]) >= 1);
    }
  });

  test("500, in the envelope, when the database fails", async () => {
    const user = await service.addUser();
    const headers = api.person(user);
    await service.instruments({ sparedRoundTrips: 0 });
    try {
      for (const route of ours) {
        const body =
          route.method === "GET" ? {} : { json: { token: "x", platform: "ios", uuid: user.id, scene: "x", dashboard: 1 } };
        const { status, json: told } = await call(service, route, headers, body);
        assert.deepEqual(
          [status, told],
          [500, { type: "server_error", code: "error", detail: "A server error occurred.", attr: null }],
          route.path,
        );
      }
    } finally {
      await service.instruments({ sparedRoundTrips: null });
    }
  });

  test("503, while no token can be verified", async () => {
    for (const route of guarded) {
      const { status, json: told } = await call(keyless, route, keyless.personOf({ id: "ada" }));
      assert.deepEqual([status, told.type, told.code, told.attr], [503, "server_error", "error", null], route.path);
    }
  });
});

test("the description lists no answer that was not brought about above", () => {
  const there = seen();
  const listed = ours.flatMap(({ method, path, responses }) =>
    Object.keys(responses).map((status) => `${method} ${path} ${status}`),
  );
  assert.ok(listed.length > 50);
  assert.deepEqual(
    listed.filter((one) => !there.has(one)),
    [],
  );
});
