/**
 * Who may call what with a session of the console: every route under /admin, as openapi.json lists them, against every role,
 * an old sign-in and no session at all.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { document, pathOf, routes } from "./support/openapi.mjs";
import { addOperators, consoleSettings, emailOf, ROLES, recentPair, sessionOf } from "./support/operators.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile(consoleSettings({ clientId: "console-of-roles", clientSecret: "secret-of-the-roles" }));

const operations = routes
  .filter(({ path }) => path.startsWith("/admin/"))
  .map((route) => {
    const operation = document.paths[route.path][route.method.toLowerCase()];
    return { ...route, leastRole: operation["x-least-role"], stepUp: operation["x-step-up"] };
  });

/** A sign-in that is too old for what takes a recent one. */
const MINUTES_AGO = 20;

/** Where what is asked of the caller depends on the body: the first admin is made without a recent sign-in. @type {Record<string, object>} */
const BODIES = { createOperator: { email: emailOf("newcomer"), role: "viewer" } };

/** @param {typeof operations[number]} operation @param {Record<string, string | undefined>} headers */
const ask = async (operation, headers) => {
  const body = operation.method === "GET" ? {} : { json: BODIES[operation.operation] ?? {} };
  return service.call(operation.method, pathOf(operation), { headers, ...body });
};

test("every route under /admin says who may call it", () => {
  assert.ok(operations.length > 40, `${operations.length} routes`);
  for (const { operation, leastRole, stepUp } of operations) {
    assert.ok(ROLES.includes(leastRole), `${operation}: ${leastRole}`);
    assert.equal(typeof stepUp, "boolean", operation);
  }
  for (const role of ROLES) assert.ok(operations.some(({ leastRole }) => leastRole === role));
  assert.ok(operations.some(({ stepUp }) => stepUp));
});

for (const operation of operations) {
  test(`${operation.operation} takes ${operation.leastRole}${operation.stepUp ? " and a recent sign-in" : ""}`, async () => {
    await addOperators(service);
    assert.equal((await ask(operation, {})).status, 401, "without a session");
    for (const role of ROLES) {
      const isEnough = ROLES.indexOf(role) >= ROLES.indexOf(operation.leastRole);
      const session = await sessionOf(service, emailOf(role));
      const { status, text } = await ask(operation, session);
      if (isEnough) assert.ok(![401, 403].includes(status), `${role}: ${status} ${text}`);
      else assert.equal(status, 403, `${role}: ${text}`);
    }
    const old = await ask(operation, await sessionOf(service, emailOf("admin"), MINUTES_AGO));
    if (!operation.stepUp) return assert.ok(![401, 403].includes(old.status), `signed in long ago: ${old.status} ${old.text}`);
    assert.equal(old.status, 401, old.text);
    const challenge = String(old.headers["www-authenticate"]);
    assert.match(challenge, /error="insufficient_user_authentication"/);
    assert.match(challenge, /max_age="?900"?/);
  });
}

describe("a session beside other credentials", () => {
  for (const [what, headers] of /** @type {[string, () => Record<string, string>][]} */ ([
    ["a wrong key", () => ({ "x-admin-api-key": "not-the-key" })],
    ["the key alone", () => ({ "x-admin-api-key": service.adminKey })],
    ["a token alone", () => ({ authorization: recentPair(service).authorization })],
    ["another key", () => ({ "x-api-key": "spk_of_a_program" })],
    ["another scheme", () => ({ authorization: "Basic YWRhOnNlY3JldA==" })],
  ])) {
    test(`${what} is what counts, and is not enough`, async () => {
      await addOperators(service);
      const session = await sessionOf(service, emailOf("admin"));
      assert.equal((await service.call("GET", "/admin/threedeye/backfill/runs", { headers: session })).status, 200);
      const answer = await service.call("GET", "/admin/threedeye/backfill/runs", { headers: { ...session, ...headers() } });
      assert.equal(answer.status, 401, answer.text);
    });
  }

  test("the pair acts, and not the viewer whose cookie is sent along", async () => {
    await addOperators(service);
    const session = await sessionOf(service, emailOf("viewer"));
    const headers = { ...session, ...recentPair(service) };
    const made = await service.call("POST", "/admin/instances", { headers, json: { name: "rivia" } });
    assert.equal(made.status, 201, made.text);
    const [{ actor }] = (await service.audit()).filter(({ action }) => action.startsWith("instance"));
    assert.ok(!actor.startsWith("operator:"), actor);
  });
});
