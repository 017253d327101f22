/** Conformance of the local simulator: the calls it has recorded, its controls over HTTP, and unknown paths. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { JWKS, PASSWORD, simulatorForThisFile } from "./support/simulator.mjs";
import { until } from "./support/until.mjs";

const { api, control, create, listUsers, login, sim } = await simulatorForThisFile();

test("unknown paths are 404, other methods 405, a malformed path 400", async () => {
  assert.equal((await api("GET", "/cameras")).status, 404);
  const wrong = await api("GET", "/users/1");
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "DELETE"]);
  assert.equal((await api("DELETE", "/users/%ff")).status, 400);
  assert.equal((await fetch(`${sim.url}/elsewhere`)).status, 404);
  assert.equal((await fetch(sim.url + JWKS, { method: "POST" })).status, 405);
});

describe("recorded calls", () => {
  test("hold what a test needs and never a password", async () => {
    await create("ada@example.com");
    await login({ username: "ada@example.com", password: PASSWORD });
    await api("GET", "/users?customerId=cust-1&page=2", { headers: { "x-api-key": "wrong" } });
    await fetch(sim.url + JWKS);
    const calls = sim.control.calls();
    assert.deepEqual(
      calls.map(({ seq, method, path, status, authenticated, email }) => [seq, method, path, status, authenticated, email]),
      [
        [1, "POST", "/v3/users", 201, true, "ada@example.com"],
        [2, "POST", "/v3/auth/token", 200, true, "ada@example.com"],
        [3, "GET", "/v3/users", 401, false, undefined],
        [4, "GET", JWKS, 200, false, undefined],
      ],
    );
    assert.deepEqual(calls[2].query, { customerId: "cust-1", page: "2" });
    assert.ok(calls.every(({ at, durationMs }) => Math.abs(Date.now() - at) < 5000 && durationMs !== null && durationMs >= 0));
    assert.ok(!JSON.stringify(calls).includes(PASSWORD));
    sim.control.clearCalls();
    assert.deepEqual(sim.control.calls(), []);
  });

  test("can be watched as they arrive and are answered, until the watch ends", async () => {
    const seen = /** @type {any[]} */ ([]);
    const unwatch = sim.control.watchCalls((moment, { method, status }) =>
      seen.push([moment, method, status, sim.control.users().length]),
    );
    await create("ada@example.com");
    sim.control.fault({ action: { reset: "before" } });
    await listUsers().catch(() => {});
    unwatch();
    await listUsers();
    assert.deepEqual(seen.slice(0, 4), [
      ["arrived", "POST", null, 0],
      ["answered", "POST", 201, 1],
      ["arrived", "GET", null, 1],
      ["answered", "GET", "reset", 1],
    ]);
    assert.ok(seen.length <= 6, "the client may repeat what was reset, and nothing is told after the end");
  });

  test("show a fixed latency", async () => {
    sim.control.configure({ latencyMs: 40 });
    await Promise.all(Array.from({ length: 20 }, () => listUsers()));
    assert.ok(sim.control.calls().every((call) => Number(call.durationMs) >= 35));
  });

  test("tell how many ran side by side", async () => {
    sim.control.fault({ times: "always", action: { hang: true } });
    const abort = new AbortController();
    const hanging = Promise.allSettled(Array.from({ length: 20 }, () => api("GET", "/users", { signal: abort.signal })));
    await until(() => sim.control.calls().length === 20);
    assert.equal(Math.max(...sim.control.calls().map((call) => call.concurrent)), 20);
    abort.abort();
    await hanging;
    await until(() => sim.control.calls().every((call) => call.durationMs !== null));
    sim.control.reset();
    for (let index = 0; index < 50; index += 1) await listUsers();
    assert.ok(
      sim.control.calls().every((call) => call.concurrent === 1),
      "calls in sequence never overlap",
    );
  });
});

describe("the controls over HTTP", () => {
  test("offer every verb", async () => {
    assert.equal((await control("PATCH", "/config", { latencyMs: 1, roles: ["a"] })).json.latencyMs, 1);
    assert.deepEqual((await control("GET", "/config")).json.roles, [{ id: "a", name: "Role a" }]);
    const seeded = await control("POST", "/users", {
      users: [{ email: "a@example.com", password: "p", customerId: "cust-2", roles: ["a"] }],
    });
    assert.deepEqual([seeded.status, seeded.json.created], [201, 1]);
    const { id, createdAt, ...user } = (await control("GET", "/users")).json.users[0];
    assert.ok(id && createdAt);
    assert.deepEqual(user, {
      email: "a@example.com",
      password: "p",
      firstName: "",
      lastName: "",
      customerId: "cust-2",
      roles: ["a"],
      visible: true,
    });

    const fault = await control("POST", "/faults", { match: { path: { regex: "users" } }, action: { status: 418 } });
    assert.equal(fault.status, 201);
    assert.equal((await control("GET", "/faults")).json.faults[0].match.path.regex, "users");
    assert.equal((await api("GET", "/users?customerId=cust-1")).status, 418);
    assert.equal((await control("DELETE", "/faults")).status, 204);
    assert.equal((await control("GET", "/calls")).json.calls[0].status, 418);
    assert.equal((await control("DELETE", "/calls")).status, 204);
    assert.deepEqual(sim.control.calls(), []);

    assert.equal((await control("POST", "/token", { claims: { sub: "x" } })).json.token.split(".").length, 3);
    assert.equal((await control("POST", "/rotate-keys")).json.keys.length, 2);
    assert.equal((await control("POST", "/reset")).status, 204);
    assert.deepEqual([sim.control.users(), sim.control.config().latencyMs], [[], 0]);
  });

  test("refuse what they don't understand, and say what it is", async () => {
    /** @type {[string, string, unknown, string][]} */
    const wrong = [
      ["PATCH", "/config", { latencyMS: 5 }, "config.latencyMS"],
      ["PATCH", "/config", { visibilityDelayMs: { crate: 5 } }, "config.visibilityDelayMs.crate"],
      ["PATCH", "/config", { createStatus: 204 }, "config.createStatus"],
      ["POST", "/faults", { action: { status: "500" } }, "fault.action.status"],
      ["POST", "/faults", undefined, "fault.action"],
      ["POST", "/users", { users: [{ mail: "x" }] }, "seed.users[0].mail"],
      ["POST", "/users", { users: [{ email: "x@example.com" }, { email: "X@example.com" }] }, "X@example.com"],
      ["POST", "/users", {}, "users or generate"],
      ["POST", "/token", { alg: "RS512" }, "token.alg"],
      ["POST", "/reset", { all: true }, "reset.all"],
      ["PATCH", "/config", "{", "not JSON"],
    ];
    for (const [method, path, body, mention] of wrong) {
      const { status, json } = await control(method, path, body);
      assert.equal(status, 400, mention);
      assert.ok(json.error.includes(mention), json.error);
    }
    assert.deepEqual(sim.control.users(), [], "a refused seed leaves nothing behind");
    assert.equal((await control("GET", "/nothing")).status, 404);
    assert.equal((await control("PUT", "/users", {})).status, 405);
  });
});
