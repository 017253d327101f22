/** Conformance of the local simulator: every fault that a test can order, and which calls it meets. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { API_KEY, bearer, JWKS, newUser, simulatorForThisFile } from "./support/simulator.mjs";
import { until } from "./support/until.mjs";

const { api, create, emailsOf, login, sim } = await simulatorForThisFile();

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

  test("an e-mail chooses creates, and logins too where their path is named", async () => {
    sim.control.seed([{ email: "ada@example.com", password: "right" }]);
    const credentials = { username: "ADA@example.com", password: "right" };
    sim.control.fault({ match: { email: "ada@example.com" }, times: "always", action: { status: 504 } });
    assert.equal((await login(credentials)).status, 200);
    sim.control.fault({ match: { path: "/auth/token", email: "ada@example.com" }, times: "always", action: { status: 423 } });
    assert.equal((await login(credentials)).status, 423);
    assert.equal((await login()).status, 200);
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
