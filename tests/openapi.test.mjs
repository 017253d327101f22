/**
 * openapi.json tells the truth: every operation and every answer that it lists is brought about here, and each is checked
 * against it (as are all answers of all other test files: `Service.call`). Those of the account API: account-openapi.test.mjs.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { addInstance, EVERY_ROUTE, keyHeaders } from "./support/instances.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { deviations, document, isOfAccounts, misfits, pathOf, routeOf, routes, routeTo } from "./support/openapi.mjs";
import { signInAt } from "./support/openid.mjs";
import { addOperators, answerWithJunk, consoleSettings, emailOf, sessionOf } from "./support/operators.mjs";
import { serviceForThisFile, servicesForThisFile } from "./support/service.mjs";

/** @import { Route } from "./support/openapi.mjs" */

const { settings: receiver } = await receiverForThisFile();
const withConsole = consoleSettings({ clientId: "console-of-openapi", clientSecret: "client-secret-of-openapi" });
const service = await serviceForThisFile({
  ...withConsole,
  instrumented: true,
  vars: { ...receiver.vars, ...withConsole.vars, THREEDEYE_TIMEOUT_MS: "400" },
  secrets: { ...receiver.secrets, ...withConsole.secrets },
});
const { keyless, unconfigured, braked, queued } = await servicesForThisFile(
  {
    keyless: { vars: { JWT_JWKS_URL: "http://127.0.0.1:9/jwks.json" } },
    unconfigured: { vars: { THREEDEYE_CUSTOMER_ID: undefined } },
    queued: { queue: true },
    braked: { ...withConsole, rateLimits: { ADMIN_RATE_LIMITER: 5, AUTH_RATE_LIMITER: 5 } },
  },
  withConsole.simulator,
);

const SCOPES = { scopes: ["threedeye:read"] };
const stranger = () => ({
  authorization: `Bearer ${service.mint({ claims: { email: "ada@evil.example", email_verified: true } })}`,
});
// The user-key API, the account API and the console's own routes have callers and refusals of their own.
const ours = routes.filter(({ access }) => !["instance", "person", "console"].includes(access));
const ofConsole = routes.filter(({ access }) => access === "console");
const guarded = ours.filter(({ access }) => access !== "public");
/** Confirms the deletion of a user. @param {string} id */
const confirmed = (id) => ({ json: { confirm: id, reason: "moved out" } });
/** The first example of a body that may not be left out. @param {Route} given */
const bodyOf = ({ method, path }) => {
  const { requestBody, operationId } = document.paths[path][method.toLowerCase()];
  if (operationId === "deleteUser") return confirmed("no-such-userId");
  if (!requestBody?.required) return {};
  const [example] = Object.values(requestBody.content["application/json"].examples);
  return { json: example.value };
};

/** Which answers of which operations there were, in words. */
const seen = () =>
  new Set(
    [service, keyless]
      .flatMap(({ answers }) => answers)
      .flatMap(({ method, path, status }) => {
        const route = routeTo(method, path);
        return route ? [`${route.operation} ${status}`] : [];
      }),
  );

describe("what goes well", () => {
  test("every operation", async () => {
    const user = await service.addUser();
    assert.equal((await service.backfill()).status, 200);
    assert.equal((await service.credentials(user)).status, 200);
    assert.equal((await service.diagnose(user)).status, 200);
    const order = { deleteRemote: true, reprovision: true, preserveRoles: true };
    const preview = await service.admin("POST", `/admin/threedeye/users/${user.id}/reset?dryRun=true`, { json: order });
    assert.deepEqual([preview.status, preview.json.remote.deletes.length], [200, 1]);
    assert.equal((await service.reset(user, { ...order, plan: preview.json.plan, reason: "stuck" })).status, 200);
    assert.equal((await service.admin("POST", `/admin/threedeye/users/${user.id}/provision`)).json.state, "complete");
    const { status, json } = await service.admin("POST", "/admin/api-keys", { json: { ...SCOPES, userId: user.id, label: "x" } });
    assert.equal(status, 201);
    for (const path of ["/admin/api-keys", "/admin/threedeye/backfill/runs", "/health", "/metrics"])
      assert.equal((await service.admin("GET", path)).status, 200);
    assert.equal((await service.admin("DELETE", `/admin/api-keys/${json.id}`)).status, 204);
    assert.equal((await service.admin("POST", `/admin/users/${user.id}/two-factor/unlock`)).status, 204);
    const lost = { json: { reason: "lost the phone", verifiedBy: "callback" } };
    assert.equal((await service.admin("POST", `/admin/users/${user.id}/two-factor/disable`, lost)).status, 200);
    assert.equal((await service.admin("DELETE", `/admin/users/${user.id}/push-tokens/push_1`)).status, 204);
    assert.equal((await service.admin("GET", `/admin/users/${user.id}/export`)).status, 200);
    assert.equal((await service.admin("POST", "/admin/users/search", { json: { query: user.email } })).json.users.length, 1);
    assert.equal((await service.admin("GET", "/admin/users?limit=1")).json.users.length, 1);
    assert.equal((await service.admin("GET", `/admin/users/${user.id}`)).json.found, true);
    const asked = { json: { fields: ["email"], reason: "ticket 4711" } };
    assert.equal((await service.admin("POST", `/admin/users/${user.id}/reveal`, asked)).json.email, user.email);
    assert.equal((await service.admin("DELETE", `/admin/users/${user.id}`, confirmed(user.id))).status, 200);
  });

  test("every operation on lists of users", async () => {
    for (const worker of [service, queued]) {
      const user = await worker.addUser();
      const order = { action: "reset", users: [user.email, "zoe@example.com"], options: { reprovision: true } };
      const preview = await worker.admin("POST", "/admin/threedeye/bulk", { json: order });
      assert.deepEqual([preview.status, preview.json.ready, preview.json.refused], [200, 1, 1]);
      const json = { ...order, plan: preview.json.plan, reason: "stuck" };
      const run = await worker.admin("POST", "/admin/threedeye/bulk", { json });
      assert.equal(run.status, worker === queued ? 202 : 200);
      assert.equal((await worker.ended(run.json.runId)).done, 1);
      const { users } = (await worker.admin("GET", `/admin/threedeye/backfill/runs/${run.json.runId}/users`)).json;
      assert.deepEqual(
        users.map((/** @type {any} */ { state, reason }) => [state, reason]),
        [
          ["done", null],
          ["refused", "no_user"],
        ],
      );
      // What was done is not done again.
      assert.equal((await worker.admin("POST", "/admin/threedeye/bulk", { json })).json.runId, run.json.runId);
      const outdated = {
        json: {
          ...json,
          users: [user.id],
          plan: json.plan.replace(/.$/, (/** @type {string} */ end) => (end === "A" ? "E" : "A")),
        },
      };
      assert.equal((await worker.admin("POST", "/admin/threedeye/bulk", outdated)).status, 409);
    }
  });

  test("every operation on instances", async () => {
    /** @param {string} path @param {unknown} order */
    const make = async (path, order) => (await service.admin("POST", path, { json: order })).json;
    const { name } = await make("/admin/instances", { name: "rivia" });
    assert.equal((await service.admin("POST", "/admin/instances", { json: { name } })).status, 200);
    const instance = `/admin/instances/${name}`;
    const key = await make(`${instance}/api-keys`, { ignoreAcl: true });
    const accountKey = await make("/admin/account-keys", { instance: name, role: "read" });
    const user = await make(`${instance}/users`, { username: "geralt" });
    const leaked = { json: { reason: "it was in a ticket" } };
    assert.equal((await service.admin("POST", `${instance}/users/${user.id}/reset-key`, leaked)).status, 200);
    for (const path of [
      "/admin/instances",
      `${instance}/api-keys`,
      `${instance}/users`,
      `/admin/account-keys?instance=${name}`,
    ]) {
      assert.equal((await service.admin("GET", path)).status, 200);
    }
    for (const path of [
      `${instance}/api-keys/${key.id}`,
      `/admin/account-keys/${accountKey.id}`,
      `${instance}/users/${user.id}`,
    ]) {
      assert.equal((await service.admin("DELETE", path)).status, 204);
    }
  });

  test("every operation on the trail, the outbox and the service itself", async () => {
    for (const path of ["audit", "audit/export", "audit/export?format=ndjson", "overview", "stats", "notices", "system"])
      assert.equal((await service.admin("GET", `/admin/${path}`)).status, 200, path);
    const { id } = await service.addUser();
    const notice = "ntc_01JZX0000000000000000000EX";
    await service.sql(
      `INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at, last_cause)
       VALUES (?, 'email_changed', ?, 'x@residents.example', 1, 1, 9e15, '503')`,
      notice,
      id,
    );
    assert.equal((await service.admin("GET", "/admin/notices?state=failing")).json.notices[0].lastCause, "503");
    assert.equal((await service.admin("POST", `/admin/notices/${notice}/deliver`)).status, 202);
    assert.equal((await service.admin("DELETE", `/admin/notices/${notice}`)).status, 204);
    assert.equal((await service.admin("POST", "/admin/notices/deliver", { json: { state: "waiting" } })).status, 202);
  });

  test("every operation on operators, sessions and signing in", async () => {
    await addOperators(service);
    const [{ id }] = await service.sql("SELECT id FROM operators WHERE role = 'support'");
    const path = `/admin/operators/${id}`;
    const json = { email: emailOf("support"), role: "viewer" };
    const asked = /** @type {[string, string, object, number][]} */ ([
      ["GET", "/admin/operators", {}, 200],
      ["PUT", path, { json: { role: "viewer" } }, 200],
      ["GET", `${path}/sessions`, {}, 200],
      ["DELETE", `${path}/sessions`, {}, 204],
      ["DELETE", path, {}, 204],
      ["POST", "/admin/operators", { json }, 200],
      ["POST", "/admin/operators", { json }, 409],
    ]);
    for (const [method, target, options, status] of asked)
      assert.equal((await service.admin(method, target, options)).status, status, `${method} ${target}`);
    for (const route of ofConsole) {
      const session = await sessionOf(service, emailOf("viewer"));
      assert.ok((await service.call(route.method, route.path, { headers: session })).status < 300, route.operation);
    }
  });

  test("every operation on teams", async () => {
    const user = await service.addUser();
    assert.equal((await service.admin("POST", "/admin/dashboards", { json: { teamId: 7, name: "x" } })).status, 201);
    assert.equal((await service.admin("GET", "/admin/dashboards?teamId=7")).json.dashboards.length, 1);
    assert.equal((await service.admin("PUT", `/admin/users/${user.id}/team`, { json: { teamId: 7 } })).status, 200);
    assert.equal((await service.admin("PUT", "/admin/users/nobody/team", { json: { teamId: 7 } })).status, 404);
  });

  test("a run that is left to the queue, and how far it is", async () => {
    await queued.addUser();
    const { status, headers, json } = await queued.backfill("?mode=queue");
    assert.equal(status, 202);
    assert.equal((await queued.admin("GET", String(headers.location))).status, 200);
    assert.equal((await queued.ended(json.runId)).done, 1);
  });

  test("a run that is stopped, and runs that are paused", async () => {
    const { json } = await service.backfill();
    const why = { reason: "3dEye is being maintained" };
    assert.equal((await service.admin("POST", `/admin/threedeye/backfill/runs/${json.runId}/stop`, { json: why })).status, 202);
    const pause = async (/** @type {boolean} */ paused) =>
      (await service.admin("PUT", "/admin/threedeye/pause", { json: { paused, ...why } })).json.paused;
    assert.equal(await pause(true), true);
    assert.equal((await service.backfill()).status, 409);
    assert.equal((await service.call("GET", "/health")).json.checks.scheduledRun, "paused");
    assert.equal(await pause(false), false);
  });

  test("every operation with the keys of an instance", async () => {
    const instance = await addInstance(service);
    for (const { method, path } of EVERY_ROUTE) {
      const { status, json } = await service.call(method, path(instance.name, instance.ada.id), {
        headers: keyHeaders(instance.program.plain, instance.ada),
      });
      assert.equal(status, 200);
      instance.ada.key = json.user_key ?? instance.ada.key;
    }
  });

  test("the examples of the description are taken as they stand", async () => {
    const { id: userId } = await service.addUser({ id: document.components.schemas.UserId.examples[0] });
    const viewer = await service.admin("POST", "/admin/operators", { json: { email: emailOf("viewer"), role: "viewer" } });
    const paths = Object.entries(document.paths).filter(([path]) => !isOfAccounts(path));
    // What the paths name beside the user.
    await service.admin("POST", "/admin/instances", { json: { name: "rivia" } });
    const member = await service.admin("POST", "/admin/instances/rivia/users", { json: { username: "vesemir" } });
    const names = {
      name: "rivia",
      userId,
      id: String(member.json.id),
      runId: (await service.backfill()).json.runId,
      operatorId: viewer.json.id,
    };
    // The deletion of the user comes last.
    const isDeletion = (/** @type {string} */ path) => Number(path === "/admin/users/{userId}");
    for (const [path, item] of paths.sort(([one], [other]) => isDeletion(one) - isDeletion(other))) {
      for (const [method, { requestBody, operationId }] of Object.entries(item)) {
        for (const { value } of Object.values(requestBody?.content["application/json"].examples ?? {})) {
          const answer = await service.admin(method.toUpperCase(), pathOf({ path }, names), { json: value });
          assert.ok(answer.status < 300, `${operationId}: ${answer.text}`);
        }
      }
    }
  });
});

describe("what goes wrong", () => {
  test("400 by an unknown parameter, 401, 403", async () => {
    for (const route of guarded) {
      assert.equal((await service.admin(route.method, `${pathOf(route)}?what=1`, bodyOf(route))).status, 400);
      assert.equal((await service.call(route.method, pathOf(route))).status, 401);
      assert.equal((await service.admin(route.method, pathOf(route), { headers: stranger() })).status, 403);
    }
  });

  test("404 of a notice", async () => {
    assert.equal((await service.admin("POST", "/admin/notices/none/deliver")).status, 404);
  });

  test("400, 401, 403, 413, 429 and 503 of the console's own routes", async () => {
    await addOperators(service);
    await addOperators(braked);
    const brakedSession = await sessionOf(braked, emailOf("viewer"));
    for (const { method, path, operation } of ofConsole) {
      const session = await sessionOf(service, emailOf("viewer"));
      const ask = async (/** @type {string} */ target, /** @type {any} */ options, /** @type {number} */ status) =>
        assert.equal((await service.call(method, target, options)).status, status, `${operation} ${status}`);
      await ask(`${path}?what=1`, { headers: session }, 400);
      await ask(path, {}, 401);
      await ask(path, { headers: { ...session, "sec-fetch-site": "cross-site" } }, 403);
      await ask(path, { headers: session, body: "x".repeat(70_000) }, 413);
      await service.instruments({ sparedRoundTrips: 0 });
      await ask(path, { headers: session }, 500);
      await service.instruments({ sparedRoundTrips: null });
      assert.equal((await unconfigured.call(method, path)).status, 503);
      const headers = brakedSession;
      let answer;
      for (let count = 0; count < 12 && answer?.status !== 429; count += 1)
        answer = await braked.call("GET", "/console/session", { headers });
      assert.equal((await braked.call(method, path, { headers })).status, 429, operation);
    }
  });

  test("400, 403, 429, 500 and 503 of signing in, which are pages", async () => {
    await addOperators(service);
    const callback = async (/** @type {import("./support/http.mjs").Answer} */ begun, person = emailOf("support")) => {
      const { pathname, search } = new URL(await signInAt(String(begun.headers.location), { email: person }));
      const cookie = String(begun.headers["set-cookie"]?.[0].split(";")[0]);
      return service.call("GET", pathname + search, { headers: { cookie } });
    };
    const login = (headers = {}) => service.call("GET", "/console/auth/login", { headers });
    assert.equal((await service.call("GET", "/console/auth/login?return=x")).status, 400);
    assert.equal((await unconfigured.call("GET", "/console/auth/login")).status, 503);
    assert.equal((await service.call("GET", "/console/auth/callback")).status, 400);
    assert.equal((await unconfigured.call("GET", "/console/auth/callback")).status, 503);
    const begun = await login();
    await service.instruments({ sparedRoundTrips: 0 });
    assert.equal((await callback(begun)).status, 500);
    await service.instruments({ sparedRoundTrips: null });
    const session = await sessionOf(service, emailOf("viewer"));
    assert.equal((await callback(await login(session))).status, 403);
    let answer;
    for (let count = 0; count < 12 && answer?.status !== 429; count += 1) answer = await answerWithJunk(braked);
    assert.equal(answer?.status, 429);
  });

  test("404 and 409 of operators", async () => {
    await addOperators(service);
    for (const route of routes.filter(({ path }) => path.startsWith("/admin/operators/")))
      assert.equal((await service.admin(route.method, pathOf(route), bodyOf(route))).status, 404, route.operation);
    const [{ id }] = await service.sql("SELECT id FROM operators WHERE role = 'admin'");
    const path = `/admin/operators/${id}`;
    assert.equal((await service.admin("PUT", path, { json: { role: "viewer" } })).status, 409);
    assert.equal((await service.admin("DELETE", path)).status, 409);
  });

  test("404 of a run", async () => {
    assert.equal((await service.admin("GET", "/admin/threedeye/backfill/runs/none")).status, 404);
    assert.equal((await service.admin("GET", "/admin/threedeye/backfill/runs/none/users")).status, 404);
    const stop = { json: { reason: "stuck" } };
    assert.equal((await service.admin("POST", "/admin/threedeye/backfill/runs/none/stop", stop)).status, 404);
  });

  test("404 of an instance, 409 of a user's name", async () => {
    for (const route of routes.filter(({ path }) => path.startsWith("/admin/instances/"))) {
      assert.equal((await service.admin(route.method, pathOf(route), bodyOf(route))).status, 404, route.operation);
    }
    assert.equal((await service.admin("POST", "/admin/account-keys", { json: { instance: "none", role: "read" } })).status, 404);
    assert.equal((await service.admin("GET", "/admin/account-keys?instance=none")).status, 404);
    await service.admin("POST", "/admin/instances", { json: { name: "rivia" } });
    for (const status of [201, 409]) {
      assert.equal(
        (await service.admin("POST", "/admin/instances/rivia/users", { json: { username: "geralt" } })).status,
        status,
      );
    }
  });

  test("404 of a user whom the path names, 409 of a deletion", async () => {
    for (const route of routes.filter(({ path }) => path.startsWith("/admin/users/{userId}"))) {
      assert.equal((await service.admin(route.method, pathOf(route), bodyOf(route))).status, 404, route.operation);
    }
    const user = await service.addUser();
    await service.assertProvisioned(user);
    await service.sql(
      "UPDATE threedeye_users SET lease_token = 'another', lease_until = ? WHERE user_id = ?",
      Date.now() + 60_000,
      user.id,
    );
    assert.equal((await service.admin("DELETE", `/admin/users/${user.id}`, confirmed(user.id))).status, 409);
    await service.sql("UPDATE threedeye_users SET state = 'pending' WHERE user_id = ?", user.id);
    assert.equal((await service.admin("POST", `/admin/threedeye/users/${user.id}/provision`)).status, 409);
    assert.equal((await service.admin("POST", "/admin/threedeye/users/nobody/provision")).status, 404);
  });

  test("409 of an administrator's own second factor", async () => {
    const own = await service.addUser({ email: "own@smartphonekey.com" });
    const authorization = `Bearer ${service.mint({ claims: { email: own.email, email_verified: true, auth_time: Math.floor(Date.now() / 1000) } })}`;
    const lost = { json: { reason: "lost the phone", verifiedBy: "video" }, headers: { authorization } };
    assert.equal((await service.admin("POST", `/admin/users/${own.id}/two-factor/disable`, lost)).status, 409);
  });

  test("404 of a user whom a body names", async () => {
    await service.admin("POST", "/admin/instances", { json: { name: "rivia" } });
    const userId = "nobody";
    assert.equal((await service.admin("POST", "/admin/api-keys", { json: { ...SCOPES, userId } })).status, 404);
    assert.equal(
      (await service.admin("POST", "/admin/instances/rivia/users", { json: { username: "geralt", userId } })).status,
      404,
    );
  });

  test("404 and 409 of credentials, 409 of a reset", async () => {
    assert.equal((await service.credentials("nobody")).status, 404);
    const user = await service.addUser({ email: service.login.username });
    service.sim.seed([{ email: user.email, customerId: service.customer }]);
    assert.equal((await service.credentials(user)).status, 409);
    assert.equal((await service.reset(user, { deleteRemote: true })).status, 409);
  });

  test("400 of the user-key API, by a body that breaks off", async () => {
    // One of the Workers that no proxy stands before.
    for (const { method, path } of EVERY_ROUTE) {
      assert.equal((await keyless.callRaw(method, path("rivia"), { "content-length": "9" }, "{")).status, 400);
    }
  });

  test("403, 404, 405 and 429 of the user-key API, whose errors are a detail", async () => {
    const { name, account, program, ada } = await addInstance(service);
    const headers = keyHeaders(program.plain, ada);
    await service.instruments({ frozenAt: Date.now() });
    try {
      for (const { method, path } of EVERY_ROUTE) {
        assert.equal((await service.call(method, path(name, ada.id))).status, 403);
        assert.equal((await service.call(method, path("nowhere"), { headers: keyHeaders(account.full) })).status, 404);
        assert.equal((await service.call("PATCH", path(name, ada.id), { headers })).status, 405);
      }
      // The calls of one route use up the limit for all of them.
      await Promise.all(
        Array.from({ length: 60 }, () => service.call("GET", `/v1/instances/${name}/users/${ada.id}/`, { headers })),
      );
      for (const { method, path } of EVERY_ROUTE)
        assert.equal((await service.call(method, path(name, ada.id), { headers })).status, 429);
    } finally {
      await service.instruments({ frozenAt: null });
    }
    assert.equal(
      (await service.call("GET", `/v1/instances/${name}/users/${ada.id}/`, { headers: keyHeaders(account.read) })).status,
      200,
    );
  });

  test("413 and 415", async () => {
    for (const route of ours) {
      const body = { body: "x".repeat(70_000), headers: { "content-type": "application/json" } };
      assert.equal((await service.admin(route.method, pathOf(route), body)).status, 413, route.operation);
    }
    for (const route of guarded.filter(({ responses }) => 415 in responses)) {
      assert.equal(
        (await service.admin(route.method, pathOf(route), { body: "not JSON yet", headers: { "content-encoding": "gzip" } }))
          .status,
        415,
      );
    }
  });

  test("429 where the rate-limit bindings are there: of an administrator, and of an address that keeps failing", async () => {
    for (const [headers, over] of /** @type {[Record<string, string | undefined>, Route[]][]} */ ([
      [{}, guarded.filter(({ access }) => access === "admin")],
      [{ "x-admin-api-key": "wrong", authorization: undefined }, guarded.filter(({ access }) => access === "user")],
    ])) {
      for (const route of over) {
        let answer;
        for (let count = 0; count < 12 && answer?.status !== 429; count += 1)
          answer = await braked.admin(route.method, pathOf(route), { ...bodyOf(route), headers });
        assert.equal(answer?.status, 429, route.operation);
        assert.ok(Number(answer.headers["retry-after"]) >= 1);
        assert.equal(answer.json.error, "Too Many Requests");
      }
    }
    assert.equal((await service.call("GET", "/health")).status, 200, "without the bindings there is no limit");
  });

  test("500 when the database fails, and /health says so", async () => {
    // Older than what the isolate keeps of the overview.
    await service.instruments({ sparedRoundTrips: 0, aheadMs: 11_000 });
    try {
      for (const route of guarded)
        assert.equal((await service.admin(route.method, pathOf(route), bodyOf(route))).status, 500, route.operation);
      for (const { method, path } of EVERY_ROUTE) assert.equal((await service.call(method, path("rivia"))).status, 500);
      const { status, json } = await service.call("GET", "/health");
      assert.deepEqual([status, json.checks.database], [503, "unreachable"]);
    } finally {
      await service.instruments({ sparedRoundTrips: null, aheadMs: 0 });
    }
  });

  test("502 when 3dEye fails", async () => {
    const [user, leaver] = await service.addUsers([{}, {}]);
    await service.assertProvisioned(leaver);
    service.sim.fault({ times: "always", action: { status: 403 } });
    assert.equal((await service.admin("DELETE", `/admin/users/${leaver.id}`, confirmed(leaver.id))).status, 502);
    assert.equal((await service.credentials(user)).status, 502);
    assert.equal((await service.backfill()).status, 502);
    assert.equal((await service.reset(user, { deleteRemote: true })).status, 502);
    const list = { json: { action: "reset", users: [user.id], options: { deleteRemote: true } } };
    assert.equal((await service.admin("POST", "/admin/threedeye/bulk", list)).status, 502);
  });

  test("503 while no token can be verified, and where 3dEye is not configured", async () => {
    for (const route of guarded) assert.equal((await keyless.admin(route.method, pathOf(route), bodyOf(route))).status, 503);
    assert.equal((await unconfigured.backfill()).status, 503);
    const user = await unconfigured.addUser();
    assert.equal((await unconfigured.credentials(user)).status, 503);
    assert.equal((await unconfigured.admin("POST", `/admin/threedeye/users/${user.id}/provision`)).status, 503);
  });

  test("404 of no route, 405 and 501", async () => {
    assert.equal((await service.call("GET", "/nowhere")).status, 404);
    assert.equal((await service.call("POST", "/health")).status, 405);
  });
});

describe("the description", () => {
  // Last, when all the others have run.
  test("lists no answer that was not brought about above", () => {
    const there = seen();
    const listed = routes
      .filter(({ access }) => access !== "person")
      .flatMap(({ operation, responses }) => Object.keys(responses).map((status) => `${operation} ${status}`));
    assert.deepEqual(
      listed.filter((one) => !there.has(one)),
      [],
    );
  });

  test("has examples that are what they are examples of", () => {
    assert.deepEqual(misfits(), []);
  });

  test("would catch an answer that deviates from it", () => {
    const route = routeOf("getHealth");
    const good = {
      status: 200,
      headers: { "cache-control": "no-store", "x-request-id": "req_01JZX0000000000000000000EX" },
      text: "x",
      json: {
        status: "ok",
        version: "1.0.0",
        schema: { built: 11, applied: 11 },
        checks: {
          configuration: { status: "ok", problems: [] },
          database: "ok",
          migrations: "ok",
          scheduledRun: "ok",
          missingRateLimits: [],
        },
      },
    };
    assert.deepEqual(deviations("GET", route.path, good), []);
    assert.notDeepEqual(deviations("GET", route.path, { ...good, json: { ...good.json, users: 7 } }), []);
    assert.notDeepEqual(deviations("GET", route.path, { ...good, json: { ...good.json, status: "fine" } }), []);
    assert.notDeepEqual(deviations("GET", route.path, { ...good, headers: {} }), []);
    assert.notDeepEqual(deviations("GET", route.path, { ...good, status: 418 }), []);
  });
});
