/** The console's client: a call is a value; sent, its answer and its failures are values, too. And what a new sign-in keeps. */

import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { build } from "esbuild";
import { BUNDLE } from "../dev/tooling/console.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";

/** @type {any} what the module exports */
let client;
/** @type {Map<string, string>} the tab's storage */
const stored = new Map();
/** @type {string[]} where the page was left for */
const left = [];
/** @type {{target: string, init: RequestInit}[]} */
const sent = [];
/** @type {(init: RequestInit) => Response | Promise<Response>} what the service does */
let answer = () => Response.json({});

before(async () => {
  // What the modules look for in a browser.
  Object.assign(globalThis, {
    location: { hash: "#/", origin: "https://console.test", assign: (/** @type {string} */ to) => left.push(to) },
    sessionStorage: {
      getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ text) => stored.set(key, text),
      removeItem: (/** @type {string} */ key) => stored.delete(key),
    },
    document: { hidden: false, addEventListener() {} },
    addEventListener() {},
    setInterval() {},
    fetch: async (/** @type {string} */ target, /** @type {RequestInit} */ init) => {
      sent.push({ target, init });
      return answer(init);
    },
  });
  const { outputFiles } = await build({
    ...BUNDLE,
    stdin: { contents: 'export * from "./client"; export * from "./step-up";', resolveDir: inRoot("console", "src", "state") },
    write: false,
  });
  client = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString("base64")}`);
});
afterEach(() => void sent.splice(0));

describe("a call", () => {
  test("holds its request, and sends nothing by being made", () => {
    const params = { path: { userId: "a/b ü", id: 7 }, query: { dryRun: true } };
    const { method, path, query, body } = client.api.POST("/admin/users/{userId}/things/{id}", { params, body: { x: 1 } });
    assert.deepEqual(
      { method, path, query, body },
      {
        method: "POST",
        path: "/admin/users/a%2Fb%20%C3%BC/things/7",
        query: { dryRun: true },
        body: { x: 1 },
      },
    );
    assert.deepEqual(sent, []);
  });

  test("is sent without the parameters that are not given, and with a type only for a body", async () => {
    await client.settled(client.api.GET("/admin/users", { params: { query: { state: "waiting", after: undefined } } }));
    await client.settled(client.api.PUT("/admin/threedeye/pause", { body: { paused: true } }));
    const [read, written] = sent;
    assert.equal(read?.target, "/admin/users?state=waiting");
    assert.equal(read?.init.headers, undefined);
    assert.equal(read?.init.body, undefined);
    assert.equal(written?.target, "/admin/threedeye/pause");
    assert.equal(written?.init.body, '{"paused":true}');
    assert.deepEqual(written?.init.headers, { "content-type": "application/json" });
    for (const { init } of sent) assert.deepEqual([init.cache, init.credentials], ["no-store", "same-origin"]);
  });
});

describe("an answer", () => {
  test("is its JSON, or nothing where there is none", async () => {
    answer = () => Response.json({ rows: [1] }, { headers: { "x-request-id": "req_1" } });
    assert.deepEqual(await client.settled(client.api.GET("/x")), { ok: true, data: { rows: [1] }, requestId: "req_1" });
    answer = () => new Response(null, { status: 204 });
    assert.deepEqual(await client.settled(client.api.DELETE("/x")), { ok: true, data: undefined, requestId: null });
  });

  test("that is an error is a failure, unless the call says that it is an answer", async () => {
    answer = () => Response.json({ message: "Degraded", requestId: "req_2", checks: {} }, { status: 503 });
    const refused = await client.settled(client.api.GET("/health"));
    assert.deepEqual(
      [refused.ok, refused.failure.status, refused.failure.message, refused.failure.requestId],
      [false, 503, "Degraded", "req_2"],
    );
    const isAnswer = (/** @type {object} */ body) => "checks" in body;
    assert.equal((await client.settled({ ...client.api.GET("/health"), isAnswer })).ok, true);
  });

  test("that does not come, or breaks off, leaves the outcome of a change unknown", async () => {
    const broken = () => new Response(new ReadableStream({ start: (stream) => stream.error(new Error("broken off")) }));
    const none = () => Promise.reject(new TypeError("no network"));
    const cut = () => new Response('{"rows":[');
    for (answer of [none, broken, cut]) {
      assert.equal((await client.settled(client.api.POST("/x"))).failure.kind, "unknown_outcome");
      assert.equal((await client.settled(client.api.GET("/x"))).failure.kind, "unreachable");
    }
  });

  test("is not waited for when the page was left", async () => {
    answer = ({ signal }) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const left = new AbortController();
    const result = client.settledUnless(left.signal, client.api.GET("/x"));
    left.abort();
    assert.equal(await result, undefined);
  });
});

test("a new sign-in keeps ids and ticks for the dialog that asked, once, and nothing that holds an e-mail", () => {
  client.stepUp("make a key", { userId: "8a1", instance: "jane@example.com", read: true });
  assert.deepEqual(left, ["/console/auth/login?return=%23%2F&maxAge=900"]);
  assert.doesNotMatch([...stored.values()].join(), /@/);
  assert.equal(client.takeDraft("another"), null);
  assert.deepEqual(client.takeDraft("make a key"), { userId: "8a1", read: true });
  assert.equal(client.takeDraft("make a key"), null);
});
