/**
 * Conformance of the local simulator: tests of the Worker are only worth as much as the vendor they run against. Every
 * test talks to a real listening instance.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { startSimulator } from "../dev/simulator/server.mjs";

const MAIN = fileURLToPath(new URL("../dev/simulator/main.mjs", import.meta.url));
const API_KEY = "sim-threedeye-key";
const LOGIN = { username: "svc@spkey.example", password: "sim-login-pass" };
const PASSWORD = "Abcdefghij0123456-_Z";
const JWKS = "/.well-known/jwks.json";

/** @type {import("../dev/simulator/server.mjs").Simulator} */
let sim;

before(async () => {
  sim = await startSimulator();
});
beforeEach(() => sim.control.reset());
after(() => sim.close());

/**
 * One call to the upstream API, with its JSON when there is some.
 * @param {string} method
 * @param {string} path
 * @param {{body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, from?: {url?: string}}} [options]
 * @returns {Promise<{status: number, headers: Headers, text: string, json: any}>}
 */
async function api(method, path, { body, headers, signal, from = sim } = {}) {
  const response = await fetch(`${from.url}/v3${path}`, {
    method,
    headers: { "x-api-key": API_KEY, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // some faults are meant to be unreadable
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** @param {string} email */
const newUser = (email, more = {}) => ({
  email,
  password: PASSWORD,
  firstName: "Ada",
  lastName: "Lovelace",
  customerId: "cust-1",
  roleIds: [],
  ...more,
});
/** @param {string} email @param {object} [more] */
const create = (email, more) => api("POST", "/users", { body: newUser(email, more) });
const listUsers = async (query = "customerId=cust-1") => (await api("GET", `/users?${query}`)).json.data;
/** @param {string} [query] */
const emailsOf = async (query) => (await listUsers(query)).map((/** @type {{email: string}} */ user) => user.email);
/** @param {object} [credentials] */
const login = async (credentials = LOGIN) => api("POST", "/auth/token", { body: credentials });
/** @param {string} token */
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/**
 * Waits for something that happens beside the test, without a guess at how long it takes on a busy machine.
 * @param {() => unknown} condition
 */
async function until(condition) {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `never came true: ${condition}`);
    await sleep(5);
  }
}

/**
 * Puts the wall clock into the test's hands, so that expiry is exact; timers and connections go on as usual.
 * @param {test.TestContext} t
 */
function holdClock(t) {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  return (/** @type {any} */ ms) => t.mock.timers.tick(ms);
}

/** One call to the HTTP controls. @param {string} method @param {string} path @param {unknown} [body] */
async function control(method, path, body) {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${sim.url}/__sim${path}`, { method, body: content });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : undefined };
}

describe("authentication", () => {
  test("every API call needs the key, the token call too", async () => {
    for (const [method, path] of [
      ["GET", "/users?customerId=cust-1"],
      ["POST", "/auth/token"],
      ["DELETE", "/users/x"],
    ]) {
      assert.equal((await api(method, path, { headers: { "x-api-key": "wrong" } })).status, 401);
    }
    sim.control.configure({ apiKey: "other" });
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: { "x-api-key": "other" } })).status, 200);
  });

  test("the login gets a token that data calls accept", async () => {
    sim.control.configure({ requireBearer: true, tokenTtlSeconds: 90 });
    assert.equal((await api("GET", "/users?customerId=cust-1")).status, 401);
    const { status, json } = await login();
    assert.equal(status, 200);
    assert.equal(json.expiresIn, 90);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(json.accessToken) })).status, 200);
  });

  test("a bearer that is sent is judged even when none is required", async () => {
    const headers = bearer("made-up");
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers })).status, 401);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: { authorization: "Basic eDp5" } })).status, 401);
  });

  test("tokens expire", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ tokenTtlSeconds: 30 });
    const { accessToken } = (await login()).json;
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(accessToken) })).status, 200);
    pass(30_000);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(accessToken) })).status, 401);
  });

  test("a user's own password is proved by a token that opens no data when the login is required", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 60_000 }, requireBearer: true });
    const { accessToken } = (await login()).json;
    await api("POST", "/users", { body: newUser("Ada@Example.com"), headers: bearer(accessToken) });
    const own = await login({ username: "ADA@example.com", password: PASSWORD });
    assert.equal(own.status, 200, "also while lists don't show the user yet");
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(own.json.accessToken) })).status, 401);
  });

  test("a wrong password, an unknown account and missing fields are refused", async () => {
    sim.control.seed([{ email: "ada@example.com", password: "right" }]);
    assert.equal((await login({ username: "ada@example.com", password: "wrong" })).status, 401);
    assert.equal((await login({ username: "nobody@example.com", password: "x" })).status, 401);
    assert.equal((await login({ username: "ada@example.com" })).status, 400);
    sim.control.configure({ wrongPasswordStatus: 403 });
    assert.equal((await login({ username: "ada@example.com", password: "wrong" })).status, 403);
  });

  test("the login's account can be a user, and expiresIn can be left out", async () => {
    sim.control.reset({ config: { includeExpiresIn: false }, users: [{ email: LOGIN.username }] });
    assert.deepEqual(await emailsOf(), [LOGIN.username]);
    assert.deepEqual(Object.keys((await login()).json), ["accessToken"]);
  });
});

describe("listing", () => {
  const seedFive = () => sim.control.seed({ generate: { count: 5, prefix: "p" } });

  test("pages count from 1 and end short", async () => {
    seedFive();
    assert.deepEqual(await emailsOf("customerId=cust-1&page=1&pageSize=2"), ["p1@example.com", "p2@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-1&page=3&pageSize=2"), ["p5@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-1&page=4&pageSize=2"), []);
    for (const query of ["page=1", "customerId=cust-1&page=0", "customerId=cust-1&pageSize=-1", "customerId=cust-1&page=x"]) {
      assert.equal((await api("GET", `/users?${query}`)).status, 400, query);
    }
  });

  test("the total can be left out and the page size capped", async () => {
    seedFive();
    assert.equal((await api("GET", "/users?customerId=cust-1&pageSize=2")).json.total, 5);
    sim.control.configure({ includeTotal: false, maxPageSize: 3 });
    const { json } = await api("GET", "/users?customerId=cust-1&pageSize=500");
    assert.deepEqual(Object.keys(json), ["data"]);
    assert.equal(json.data.length, 3);
  });

  test("a customer sees its own users only; an unknown one sees none", async () => {
    sim.control.seed([{ email: "ours@example.com" }, { email: "theirs@example.com", customerId: "cust-2" }]);
    assert.deepEqual(await emailsOf("customerId=cust-1"), ["ours@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-2"), ["theirs@example.com"]);
    assert.deepEqual((await api("GET", "/users?customerId=nobody")).json, { data: [], total: 0 });
  });

  test("users take the shapes a real tenant might have", async () => {
    sim.control.configure({ idStyle: "numeric", roles: [{ id: 7, name: "Gate" }] });
    sim.control.seed([{ email: "Ada@Example.com", roles: [7], password: "secret" }]);
    const [camel] = await listUsers();
    assert.equal(typeof camel.id, "number");
    assert.equal(camel.email, "Ada@Example.com", "the case is kept");
    assert.deepEqual(camel.roles, [{ id: 7, name: "Gate" }]);
    assert.ok(!JSON.stringify(camel).includes("secret"));
    sim.control.configure({ fieldStyle: "pascal" });
    const [pascal] = await listUsers();
    assert.equal(pascal.Id, camel.id);
    assert.deepEqual(pascal.Roles, [{ Id: 7, Name: "Gate" }]);
    sim.control.configure({ rolesAs: "roleIds" });
    assert.deepEqual((await listUsers())[0].RoleIds, [7]);
    sim.control.configure({ fieldStyle: "camel", idStyle: "guid" });
    assert.match((await create("guid@example.com")).json.id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.deepEqual((await listUsers())[0].roleIds, [7]);
  });

  test("10,000 users are seeded and paged quickly", async () => {
    const { status, json } = await control("POST", "/users", {
      generate: { count: 10_000, customerId: "cust-1", prefix: "m", roles: ["r"] },
    });
    assert.equal(status, 201);
    assert.equal(json.created, 10_000);
    const emails = new Set();
    for (let page = 1; page <= 10; page += 1) {
      for (const email of await emailsOf(`customerId=cust-1&page=${page}&pageSize=1000`)) emails.add(email);
    }
    assert.equal(emails.size, 10_000);
  });
});

describe("creating and deleting", () => {
  test("a user is created with names, customer, roles and the chosen password", async () => {
    sim.control.configure({ roles: ["viewer"] });
    const { status, json } = await create("ada@example.com", { roleIds: ["viewer"] });
    assert.equal(status, 201);
    const [kept] = sim.control.users();
    assert.equal(kept.id, json.id);
    assert.deepEqual([kept.firstName, kept.lastName, kept.customerId, kept.roles], ["Ada", "Lovelace", "cust-1", ["viewer"]]);
    assert.equal(kept.password, PASSWORD);
  });

  test("the answer's status, envelope and id can vary", async () => {
    sim.control.configure({ createStatus: 200, createEnvelope: "data" });
    const wrapped = await create("one@example.com");
    assert.equal(wrapped.status, 200);
    assert.ok(wrapped.json.data.id);
    sim.control.configure({ createEnvelope: "bare", createWithoutId: true });
    const { json } = await create("two@example.com");
    assert.equal(json.email, "two@example.com");
    assert.ok(!("id" in json));
  });

  test("incomplete users, unknown roles and weak passwords are refused", async () => {
    const weak = [
      "Abcdefghij0123456-_",
      "Abcdefghij0123456-_ZZ",
      "abcdefghij0123456-_z",
      "ABCDEFGHIJ0123456-_Z",
      "Abcdefghijklmnopq-_Z",
      "Abcdefghij0123456789",
      "Abcdefghij0123456-é!",
    ];
    /** @type {object[]} */
    const wrong = [
      { email: undefined },
      { password: undefined },
      { customerId: undefined },
      { roleIds: ["nope"] },
      ...weak.map((password) => ({ password })),
    ];
    for (const more of wrong) assert.equal((await create("ada@example.com", more)).status, 400, JSON.stringify(more));
    assert.equal((await api("POST", "/users", { body: "not an object" })).status, 400);
    assert.deepEqual(sim.control.users(), []);
  });

  test("an e-mail is unique across customers, whatever its case", async () => {
    sim.control.seed([{ email: "Orphan@Example.com", customerId: "cust-2" }]);
    assert.equal((await create("orphan@example.COM")).status, 409);
    assert.deepEqual(await emailsOf(), [], "and our customer can't see why");
    sim.control.configure({ duplicate: { status: 422, body: { title: "E-mail is already in use" } } });
    const { status, json } = await create("orphan@example.com");
    assert.deepEqual([status, json], [422, { title: "E-mail is already in use" }]);
    sim.control.configure({ duplicate: { status: 400, body: "User already exists" } });
    assert.equal((await create("orphan@example.com")).text, "User already exists");
  });

  test("a new user is taken at once and listed later", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ visibilityDelayMs: { create: 5000 } });
    await create("late@example.com");
    assert.deepEqual(await emailsOf(), []);
    assert.equal(sim.control.users()[0].visible, false);
    assert.equal((await create("late@example.com")).status, 409);
    pass(5000);
    assert.deepEqual(await emailsOf(), ["late@example.com"]);
  });

  test("a deleted user is gone at once, and its e-mail stays taken for a while", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ visibilityDelayMs: { delete: 5000 } });
    const { json } = await create("gone@example.com");
    assert.equal((await api("DELETE", `/users/${json.id}`)).status, 204);
    assert.equal((await api("DELETE", `/users/${json.id}`)).status, 404);
    assert.deepEqual(await emailsOf(), []);
    assert.equal((await create("GONE@example.com")).status, 409);
    pass(5000);
    assert.equal((await create("gone@example.com")).status, 201);
  });

  test("another customer's user can't be deleted", async () => {
    const [theirs] = sim.control.seed([{ email: "theirs@example.com", customerId: "cust-2" }]);
    assert.equal((await api("DELETE", `/users/${theirs.id}`)).status, 404);
    sim.control.configure({ ownCustomerId: "cust-2", deleteStatus: 200 });
    assert.equal((await api("DELETE", `/users/${theirs.id}`)).status, 200);
  });
});

describe("roles", () => {
  test("a role is attached once, to known users only", async () => {
    const [user, theirs] = sim.control.seed([
      { email: "ada@example.com", roles: ["old role"] },
      { email: "b@example.com", customerId: "cust-2" },
    ]);
    sim.control.configure({ roles: ["new role"] });
    /** @param {string | number} role @param {import("../dev/simulator/directory.mjs").Id} id */
    const attach = (role, id) => api("POST", `/roles/${encodeURIComponent(role)}/users/${id}`);
    assert.equal((await attach("new role", user.id)).status, 204);
    assert.equal((await attach("new role", user.id)).status, 409);
    assert.equal((await attach("old role", user.id)).status, 404, "the configured list replaces the seeded one");
    assert.equal((await attach("new role", "nobody")).status, 404);
    assert.equal((await attach("new role", theirs.id)).status, 404);
    assert.deepEqual(sim.control.users()[0].roles, ["old role", "new role"]);
  });

  test("the user may take a while to reach the roles, counted by pair", async () => {
    sim.control.configure({ roleAttachNotFoundTimes: 2, attachStatus: 200, roles: ["a", "b"] });
    const [{ id }] = sim.control.seed([{ email: "ada@example.com" }]);
    const statuses = [];
    for (const role of ["a", "a", "b", "a"]) statuses.push((await api("POST", `/roles/${role}/users/${id}`)).status);
    assert.deepEqual(statuses, [404, 404, 404, 200]);
  });
});

test("unknown paths are 404, other methods 405, a malformed path 400", async () => {
  assert.equal((await api("GET", "/cameras")).status, 404);
  const wrong = await api("GET", "/users/1");
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "DELETE"]);
  assert.equal((await api("DELETE", "/users/%ff")).status, 400);
  assert.equal((await fetch(`${sim.url}/elsewhere`)).status, 404);
  assert.equal((await fetch(sim.url + JWKS, { method: "POST" })).status, 405);
});

describe("faults", () => {
  const LIST = "/users?customerId=cust-1";
  const onCreate = { method: "POST", path: "/users" };
  /** @param {Promise<unknown> | (() => Promise<unknown>)} promise @param {string} [code] */
  const fails = (promise, code) =>
    assert.rejects(
      promise,
      (/** @type {any} */ error) => !code || error.cause?.code === code || assert.fail(`${error.cause?.code} is not ${code}`),
    );

  /**
   * Creates a user, but leaves without the answer as soon as the condition holds.
   * @param {string} email
   * @param {() => unknown} condition
   */
  async function abandonCreate(email, condition) {
    const abort = new AbortController();
    const failed = fails(api("POST", "/users", { body: newUser(email), signal: abort.signal }));
    await until(condition);
    abort.abort();
    await failed;
  }
  const lastCall = () => sim.control.calls().at(-1);

  test("a status before the effect, once by default", async () => {
    sim.control.fault({ match: onCreate, action: { status: 503, headers: { "X-Why": "test" }, body: { Message: "down" } } });
    const failed = await create("ada@example.com");
    assert.deepEqual([failed.status, failed.headers.get("x-why"), failed.json], [503, "test", { Message: "down" }]);
    assert.deepEqual(sim.control.users(), []);
    assert.equal((await create("ada@example.com")).status, 201);
  });

  test("one page of the list alone", async () => {
    sim.control.fault({ match: { path: "/users", query: { page: "2" } }, times: "always", action: { status: 500 } });
    const statuses = await Promise.all([1, 2, 3, 2].map(async (page) => (await api("GET", `${LIST}&page=${page}`)).status));
    assert.deepEqual(statuses, [200, 500, 200, 500]);
  });

  test("a status after the effect: the answer is lost, the user is there", async () => {
    sim.control.fault({ match: onCreate, action: { after: true, status: 500, body: "<h1>oops</h1>", contentType: "text/html" } });
    const lost = await create("ada@example.com");
    assert.deepEqual([lost.status, lost.headers.get("content-type")], [500, "text/html"]);
    assert.deepEqual(await emailsOf(), ["ada@example.com"]);
  });

  test("a connection reset before and after the effect", async () => {
    sim.control.fault({ match: onCreate, action: { reset: "before" } });
    await fails(create("before@example.com"), "ECONNRESET");
    assert.deepEqual(await emailsOf(), []);
    sim.control.fault({ match: onCreate, action: { reset: "after" } });
    await fails(create("after@example.com"), "ECONNRESET");
    assert.deepEqual(await emailsOf(), ["after@example.com"]);
    assert.deepEqual(sim.control.calls().filter((call) => call.status === "reset").length, 2);
  });

  test("hanging without an answer and within a body, before or after the effect", async () => {
    for (const [action, expected] of [
      [{ hang: true }, []],
      [{ hang: true, after: true }, ["0@example.com"]],
    ]) {
      sim.control.fault({ match: onCreate, action });
      await abandonCreate("0@example.com", () => lastCall()?.status === "hang");
      assert.deepEqual(await emailsOf(), expected);
    }

    sim.control.fault({ match: { path: "/users" }, action: { hangBody: true } });
    const abort = new AbortController();
    const response = await fetch(`${sim.url}/v3${LIST}`, { headers: { "x-api-key": API_KEY }, signal: abort.signal });
    assert.equal(response.status, 200);
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /^\{"data":/);
    const rest = fails(reader.read());
    assert.equal(lastCall()?.durationMs, null);
    abort.abort();
    await rest;
    await until(() => typeof lastCall()?.durationMs === "number");
  });

  test("rate limits with seconds, a date, an absurd value and none", async () => {
    for (const retryAfter of ["3", "Wed, 21 Oct 2037 07:28:00 GMT", "99999999999", null]) {
      sim.control.fault({ action: { rateLimit: { retryAfter } } });
      const limited = await api("GET", LIST);
      assert.deepEqual([limited.status, limited.headers.get("retry-after")], [429, retryAfter]);
    }
  });

  test("truncated JSON and HTML, both with 200", async () => {
    sim.control.fault({ action: { truncated: true } });
    const truncated = await api("GET", LIST);
    assert.deepEqual([truncated.status, truncated.json], [200, undefined]);
    assert.match(String(truncated.headers.get("content-type")), /json/);
    sim.control.fault({ match: onCreate, action: { truncated: true, after: true } });
    const cut = await create("ada@example.com");
    assert.ok(cut.text.startsWith('{"id":"') && cut.json === undefined, "after the effect the genuine answer is cut");
    sim.control.fault({ action: { html: true } });
    const html = await api("GET", LIST);
    assert.equal(html.status, 200);
    assert.match(String(html.headers.get("content-type")), /html/);
  });

  test("a huge body is valid JSON, and stops when the client goes away", async () => {
    sim.control.fault({ action: { huge: 300_000 } });
    const { text, json } = await api("GET", LIST);
    assert.ok(text.length >= 300_000);
    assert.equal(json.data.length, json.total);

    sim.control.fault({ action: { huge: 50 * 1024 * 1024 } });
    const abort = new AbortController();
    const response = await fetch(`${sim.url}/v3${LIST}`, { headers: { "x-api-key": API_KEY }, signal: abort.signal });
    await response.body?.getReader().read();
    assert.equal(lastCall()?.durationMs, null);
    abort.abort();
    await until(() => typeof lastCall()?.durationMs === "number");
  });

  test("tokens expire in mid-run, and the call goes on as usual", async () => {
    const headers = bearer((await login()).json.accessToken);
    sim.control.fault({ match: { method: "GET", nth: 2 }, action: { expireTokens: true } });
    assert.equal((await api("GET", LIST, { headers })).status, 200);
    assert.equal((await api("GET", LIST, { headers })).status, 401);
    const renewed = bearer((await login()).json.accessToken);
    assert.equal((await api("GET", LIST, { headers: renewed })).status, 200);
  });

  test("a delay before the effect, after it, and together with another fault", async () => {
    sim.control.fault({ match: onCreate, action: { delayMs: 60 } });
    assert.equal((await create("slow@example.com")).status, 201);
    assert.ok(Number(sim.control.calls()[0].durationMs) >= 55);

    sim.control.fault({ match: onCreate, action: { delayMs: 60_000, after: true } });
    await abandonCreate("late@example.com", () => sim.control.users().length === 2);
    assert.deepEqual(await emailsOf(), ["slow@example.com", "late@example.com"]);

    sim.control.fault({ match: { path: "/users" }, action: { delayMs: 30 } });
    sim.control.fault({ match: { path: "/users" }, action: { status: 502 } });
    assert.equal((await api("GET", LIST)).status, 502);
    assert.ok(Number(lastCall()?.durationMs) >= 25);
  });

  test("a client that gives up during a delay doesn't undo the effect", async () => {
    sim.control.configure({ latencyMs: 250 });
    await abandonCreate("ada@example.com", () => sim.control.calls().length === 1);
    assert.equal(sim.control.users().length, 0);
    await until(() => sim.control.users().length === 1);
    await until(() => lastCall()?.status === 201);
  });

  test("rules choose calls by method, path, pattern and created e-mail", async () => {
    /** @param {object} match @param {number} status */
    const always = (match, status) => sim.control.fault({ match, times: "always", action: { status } });
    always({ method: "delete" }, 500);
    always({ path: "/roles/r1" }, 501);
    always({ path: "/v3/auth" }, 502);
    always({ path: { regex: "^/users/[0-9]+$" }, method: "GET" }, 503);
    always({ email: "ADA@example.com" }, 504);
    always({ path: JWKS }, 505);
    assert.equal((await api("DELETE", "/users/1")).status, 500);
    assert.equal((await api("POST", "/roles/r1/users/1")).status, 501);
    assert.equal((await login()).status, 502);
    assert.equal((await api("GET", "/users/12")).status, 503);
    assert.equal((await create("ada@EXAMPLE.com")).status, 504);
    assert.equal((await create("other@example.com")).status, 201);
    assert.equal((await api("GET", LIST)).status, 200);
    assert.equal((await fetch(sim.url + JWKS)).status, 505);
  });

  test("rules count: nth, skip, times, and one rule after another", async () => {
    /** @param {number} count */
    const statuses = async (count) => {
      const seen = [];
      for (let index = 0; index < count; index += 1) seen.push((await api("GET", LIST)).status);
      return seen;
    };
    sim.control.fault({ match: { nth: 3 }, action: { status: 503 } });
    assert.deepEqual(await statuses(4), [200, 200, 503, 200]);
    sim.control.clearFaults();
    sim.control.fault({ skip: 1, times: 2, action: { status: 500 } });
    assert.deepEqual(await statuses(4), [200, 500, 500, 200]);
    sim.control.clearFaults();
    sim.control.fault({ action: { status: 500 } });
    sim.control.fault({ action: { status: 502 } });
    assert.deepEqual(await statuses(3), [500, 502, 200]);
    assert.deepEqual(
      sim.control.faults().map((rule) => rule.fired),
      [1, 1],
    );
  });

  test("a rule without a path leaves the issuer's keys alone", async () => {
    sim.control.fault({ times: "always", action: { status: 500 } });
    assert.equal((await fetch(sim.url + JWKS)).status, 200);
  });

  test("a rule that would do nothing or contradicts itself is refused", () => {
    /** @type {[object, RegExp][]} */
    const wrong = [
      [{}, /fault\.action is missing/],
      [{ action: {} }, /needs one of/],
      [{ action: { stauts: 500 } }, /fault\.action\.stauts is not a known field/],
      [{ action: { status: 500 }, match: { mehtod: "GET" } }, /fault\.match\.mehtod/],
      [{ action: { status: 500, hang: true } }, /at once/],
      [{ action: { hang: false } }, /must be true/],
      [{ action: { body: "x" } }, /body needs a status|needs one of/],
      [{ action: { reset: "after", after: true } }, /says itself/],
      [{ action: { expireTokens: true, after: true } }, /after/],
      [{ action: { status: 500, headers: { "bad name": "x" } } }, /bad name/],
      [{ action: { status: 500, headers: { a: "x\r\ny" } } }, /header value/],
      [{ action: { status: 500 }, times: 0 }, /fault\.times/],
      [{ action: { status: 500 }, skip: 1, match: { nth: 2 } }, /exclude/],
      [{ action: { status: 500 }, match: { path: "users" } }, /begins with/],
      [{ action: { status: 500 }, match: { path: { regex: "(" } } }, /regular expression/],
    ];
    for (const [rule, message] of wrong) assert.throws(() => sim.control.fault(rule), { name: "ControlError", message });
    assert.deepEqual(sim.control.faults(), []);
  });
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

describe("the token issuer", () => {
  const jwks = async (from = sim) => /** @type {any} */ (await (await fetch(from.url + JWKS)).json()).keys;
  /** @param {string} token */
  const decode = (token) =>
    token
      .split(".")
      .slice(0, 2)
      .map((/** @type {string} */ part) => JSON.parse(Buffer.from(part, "base64url").toString()));

  /** @param {any} jwk @param {string} token */
  function isSignedBy(jwk, token) {
    const [header, payload, signature] = token.split(".");
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify(
      "sha256",
      Buffer.from(`${header}.${payload}`),
      { key, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
  }

  test("publishes an RSA and an EC key, nothing private", async () => {
    const [rsa, ec] = await jwks();
    assert.deepEqual(Object.keys(rsa).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    assert.deepEqual(Object.keys(ec).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert.deepEqual([rsa.alg, rsa.kty, rsa.use, ec.alg, ec.kty, ec.crv], ["RS256", "RSA", "sig", "ES256", "EC", "P-256"]);
    assert.equal(Buffer.from(rsa.n, "base64url").length, 256);
  });

  test("mints tokens that the published keys verify", async () => {
    for (const jwk of await jwks()) {
      const token = sim.control.mint({ alg: jwk.alg, claims: { sub: "u1", email: "a@smartphonekey.com" }, expiresInSeconds: 60 });
      const [header, payload] = decode(token);
      assert.deepEqual(header, { alg: jwk.alg, typ: "JWT", kid: jwk.kid });
      assert.deepEqual([payload.iss, payload.aud, payload.sub], [`${sim.url}/`, "spkey-edge", "u1"]);
      assert.ok(payload.exp - payload.iat === 60 && Math.abs(payload.iat - Date.now() / 1000) < 5);
      assert.ok(isSignedBy(jwk, token));
      if (jwk.alg === "ES256") assert.equal(Buffer.from(token.split(".")[2], "base64url").length, 64);
    }
  });

  test("claims and header win over the defaults", () => {
    sim.control.configure({ issuer: "https://tenant.example/", audience: "other" });
    const [header, payload] = decode(
      sim.control.mint({ claims: { aud: ["a", "b"], nbf: 1 }, header: { crit: ["x"], typ: "at+jwt" }, kid: "mine" }),
    );
    assert.deepEqual([payload.iss, payload.aud, payload.nbf], ["https://tenant.example/", ["a", "b"], 1]);
    assert.deepEqual([header.kid, header.crit, header.typ], ["mine", ["x"], "at+jwt"]);
    assert.deepEqual(decode(sim.control.mint({ defaults: false, claims: { a: 1 } }))[1], { a: 1 });
    assert.ok(!("kid" in decode(sim.control.mint({ kid: null }))[0]));
    const [, expired] = decode(sim.control.mint({ expiresInSeconds: -120 }));
    assert.ok(expired.exp < expired.iat);
  });

  test("makes the tokens a verifier has to refuse", async () => {
    for (const jwk of await jwks()) {
      const unknown = sim.control.mint({ alg: jwk.alg, key: "unknown" });
      assert.ok(!(await jwks()).some((/** @type {{kid: string}} */ known) => known.kid === decode(unknown)[0].kid));
      const impostor = sim.control.mint({ alg: jwk.alg, key: "impostor" });
      assert.equal(decode(impostor)[0].kid, jwk.kid);
      assert.ok(!isSignedBy(jwk, impostor) && !isSignedBy(jwk, unknown));
    }
    const none = sim.control.mint({ alg: "none" });
    assert.equal(decode(none)[0].alg, "none");
    assert.ok(none.endsWith("."));
    const [rsa] = await jwks();
    const [header, payload, signature] = sim.control.mint({ alg: "HS256" }).split(".");
    const pem = createPublicKey({ key: rsa, format: "jwk" }).export({ type: "spki", format: "pem" });
    assert.equal(createHmac("sha256", pem).update(`${header}.${payload}`).digest("base64url"), signature);
  });

  test("rotates its keys", async () => {
    const earlier = await jwks();
    const token = sim.control.mint();
    sim.control.rotateKeys();
    const now = await jwks();
    assert.ok(
      now.every((/** @type {{kid: string, n: string, x: string}} */ key) =>
        earlier.every(
          (/** @type {{kid: string, n: string, x: string}} */ old) =>
            old.kid !== key.kid && (old.n ?? old.x) !== (key.n ?? key.x),
        ),
      ),
    );
    assert.ok(isSignedBy(earlier[0], token) && !isSignedBy(now[0], token));
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

describe("the process", () => {
  /** @type {string} */
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "simulator-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs the command line; resolves with its address once it listens. @param {...string} args */
  async function run(...args) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(child.stdout.setEncoding("utf8"), "data");
    /** @param {NodeJS.Signals} signal */
    const stop = async (signal) => {
      child.kill(signal);
      return (await once(child, "exit"))[0];
    };
    return { line, url: /http:\/\/[\d.:]+/.exec(line)?.[0], stop };
  }

  /** Runs a command line that is expected to end by itself. @param {...string} args */
  async function runToEnd(...args) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => (errors += chunk));
    const [code] = await once(child, "close");
    return { code, errors };
  }

  test("close drops hanging connections and running delays at once, and may be called twice", async () => {
    const other = await startSimulator();
    other.control.fault({ action: { hang: true } });
    other.control.fault({ match: { nth: 2 }, action: { delayMs: 60_000 } });
    const pending = [api("GET", "/users", { from: other }), api("GET", "/users", { from: other })];
    const ended = Promise.allSettled(pending);
    await until(() => other.control.calls().length === 2);
    const startedAt = Date.now();
    await Promise.all([other.close(), other.close()]);
    assert.ok(Date.now() - startedAt < 2000);
    assert.ok((await ended).every(({ status }) => status === "rejected"));
  });

  test("users, roles, passwords and signing keys survive a restart", async () => {
    const file = join(folder, "new", "state.json");
    const first = await run("--port", "0", "--state", file);
    const from = { url: first.url };
    await fetch(`${first.url}/__sim/users`, {
      method: "POST",
      body: JSON.stringify({ users: [{ email: "a@example.com", roles: [{ id: "r", name: "Gate" }] }] }),
    });
    await api("POST", "/users", { from, body: newUser("b@example.com") });
    const keys = await (await fetch(first.url + JWKS)).text();
    // saved soon, not only at the end
    await until(async () => JSON.parse(await readFile(file, "utf8").catch(() => "null"))?.directory.users.length === 2);
    await api("POST", "/users", { from, body: newUser("c@example.com") });
    assert.equal(await first.stop("SIGTERM"), 0);
    assert.deepEqual(await readdir(join(folder, "new")), ["state.json"]);
    assert.equal((await stat(file)).mode & 0o077, 0, "it holds passwords and keys");

    const second = await run("--port", "0", "--state", file);
    assert.equal(await (await fetch(second.url + JWKS)).text(), keys);
    const { json } = await api("GET", "/users?customerId=cust-1", { from: { url: second.url } });
    assert.deepEqual(
      json.data.map((/** @type {{email: string, roles: string}} */ user) => [user.email, user.roles]),
      [
        ["a@example.com", [{ id: "r", name: "Gate" }]],
        ["b@example.com", []],
        ["c@example.com", []],
      ],
    );
    const proof = await api("POST", "/auth/token", {
      from: { url: second.url },
      body: { username: "c@example.com", password: PASSWORD },
    });
    assert.equal(proof.status, 200);
    assert.equal(await second.stop("SIGINT"), 0);
  });

  test("one line says where it listens; what can't work is explained", async () => {
    const running = await run("--port", "0");
    assert.equal(running.line.trimEnd().split("\n").length, 1);
    const broken = join(folder, "broken.json");
    await writeFile(broken, "{");
    const [busy, unknown, unreadable] = await Promise.all([
      runToEnd("--port", new URL(String(running.url)).port),
      runToEnd("--prot", "1"),
      runToEnd("--port", "0", "--state", broken),
    ]);
    assert.equal(busy.code, 1);
    assert.match(busy.errors, /^Port \d+ on 127\.0\.0\.1 is busy: .*\n$/);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /usage:/);
    assert.equal(unreadable.code, 1);
    assert.match(unreadable.errors, /broken\.json is not a simulator state/);
    assert.equal(await readFile(broken, "utf8"), "{", "and left as it was");
    await running.stop("SIGTERM");
  });
});
