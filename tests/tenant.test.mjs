/** `npm run tenant` that only reads: what it sees, in each dialect of the simulator, and that it changes nothing. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";

import { simulatorEnvironment } from "../dev/tenant/simulator.mjs";
import { whyFailed } from "../dev/tooling/failed-call.mjs";
import { simulatorForThisFile } from "./support/simulator.mjs";
import { assertDiffers, EXIT, rowOf, rowsThat, tenantFor, WITH_LOGIN } from "./support/tenant.mjs";

const { sim } = await simulatorForThisFile();
const { begin, run } = await tenantFor(sim);

const READ_ROWS = [1, 2, 5, 6, 7, 12, 16];
const FEW_PAGES = { THREEDEYE_PAGE_SIZE: "4" };

/** @param {import("node:net").Server} server @returns {Promise<number>} its port */
async function listening(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

const seed = (count = 9) =>
  sim.control.seed({ generate: { count, prefix: "person-", roles: [{ id: "role-71", name: "Gate" }] } });

/** @param {any} ended @param {number} row */
const seenIn = (ended, row) => rowOf(ended, row).seen.join("; ");

describe("a run that only reads", () => {
  test("sees the rows that a list and a token tell, and says what needs an account", async () => {
    seed();
    const before = sim.control.users();
    const ended = await run([], { ...WITH_LOGIN, ...FEW_PAGES });
    assert.equal(ended.code, EXIT.asAssumed, ended.stderr);
    assert.deepEqual(rowsThat(ended, "as assumed"), [1, 2, 3, 4, 5, 6, 7, 12, 16]);
    assert.deepEqual(rowsThat(ended, "could not be seen"), [8, 9, 10, 11, 13, 14, 15, 17, 18]);
    assert.equal(ended.report.dialect, null);
    assert.equal(ended.report.ended, null);
    assert.match(seenIn(ended, 3), /it lives for 600 s/);
    assert.match(seenIn(ended, 6), /page 1 has 4 of 9 users.*second page has other users.*9 users on 3 pages/);
    assert.deepEqual(sim.control.users(), before);
  });

  test("takes the simulator that runs, and of .dev.vars the dialect alone", async () => {
    seed();
    const running = { pid: process.pid, worker: "", simulator: sim.url, tokens: /** @type {any} */ ({}) };
    const local = { THREEDEYE_BASE_URL: `${sim.url}/v3`, THREEDEYE_API_KEY: "own-key", THREEDEYE_DIALECT: '{"maxPageSize":100}' };
    const env = simulatorEnvironment(running, local);
    assert.equal(env.THREEDEYE_DIALECT, local.THREEDEYE_DIALECT);
    assert.equal((await run([], env)).code, EXIT.asAssumed);
    const foreign = simulatorEnvironment(running, { ...local, THREEDEYE_BASE_URL: "https://tenant.example/v3" });
    assert.deepEqual([foreign.THREEDEYE_BASE_URL, foreign.THREEDEYE_DIALECT], [`${sim.url}/v3`, undefined]);
  });

  test("calls nothing but the list and the token, and tries a wrong key once", async () => {
    seed();
    await run([], { ...WITH_LOGIN, ...FEW_PAGES });
    const calls = sim.control.calls().map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(new Set(calls), new Set(["POST /v3/auth/token", "GET /v3/users"]));
    const refused = sim.control.calls().filter(({ authenticated }) => !authenticated);
    assert.equal(refused.length, 2, "a wrong key, and a token that was never issued");
  });

  test("prints each row, and the transcript's file", async () => {
    seed();
    const { code, stdout, stderr } = await begin([], FEW_PAGES).ended;
    assert.equal(code, EXIT.asAssumed);
    assert.match(stdout, /^ 7 {2}a user +as assumed$/m);
    assert.match(stdout, /^ 8 {2}create +could not be seen$/m);
    assert.match(stdout, /18 rows: 7 as assumed, 0 differs, 11 could not be seen/);
    assert.match(stdout, /Transcript: .*\.json/);
    assert.doesNotMatch(stderr, /✗/);
  });

  test("prints what differs, with the setting and the file, and the dialect to set", async () => {
    sim.control.configure({ maxPageSize: 3, includeTotal: false });
    seed();
    const { code, stdout } = await begin([]).ended;
    assert.equal(code, EXIT.differs);
    assert.match(stdout, /^ 6 {2}user list +differs$/m);
    assert.match(
      stdout,
      /! expected: pages of 500 users, or a total\n +seen: +pages of 3 and no total\n +change: +THREEDEYE_DIALECT maxPageSize\n +code: +src\/threedeye\/wire\/list\.rs/,
    );
    assert.match(stdout, /\nTHREEDEYE_DIALECT='\{"maxPageSize":3\}'\n$/);
  });

  test("a customer that may be mistyped, as its list is empty, is told and is no success", async () => {
    seed();
    const ended = await run([], { THREEDEYE_CUSTOMER_ID: "cust-l" });
    assert.equal(ended.code, EXIT.usage);
    assert.match(ended.report.ended, /is THREEDEYE_CUSTOMER_ID right\?/);
    assert.match(rowOf(ended, 12).unseen.join(), /whether our customer exists/);
    assert.equal(rowOf(ended, 7).verdict, "could not be seen");
    assert.match(rowOf(ended, 6).unseen.join(), /the customer has no user/);
    assert.equal(rowOf(ended, 2).verdict, "as assumed", "the rest was read nevertheless");
  });

  test("more pages than it reads", async () => {
    seed(30);
    const ended = await run([], { THREEDEYE_PAGE_SIZE: "1" });
    assert.equal(ended.code, EXIT.asAssumed);
    assert.match(rowOf(ended, 6).unseen.join(), /at most 20 pages of 1 users are read/);
  });
});

describe("in another dialect", () => {
  test("PascalCase, numbers as ids and roles as ids are as assumed", async () => {
    sim.control.configure({ fieldStyle: "pascal", idStyle: "numeric", rolesAs: "roleIds" });
    seed();
    const ended = await run();
    assert.equal(ended.code, EXIT.asAssumed);
    assert.deepEqual(rowsThat(ended, "as assumed"), READ_ROWS);
    assert.match(seenIn(ended, 7), /whole numbers.*bare ids.*PascalCase/);
  });

  test("smaller pages than asked: harmless with a total, else the page size is to be set", async () => {
    sim.control.configure({ maxPageSize: 3 });
    seed();
    const told = await run();
    assert.equal(told.code, EXIT.asAssumed);
    assert.match(seenIn(told, 6), /pages have no more than 3 users/);

    sim.control.configure({ includeTotal: false });
    const untold = await run();
    assertDiffers(untold, 6, { seen: /pages of 3 and no total/, change: /^THREEDEYE_DIALECT maxPageSize$/ });
    assert.deepEqual(untold.report.dialect, { maxPageSize: 3 });

    const set = await run([], { THREEDEYE_DIALECT: JSON.stringify(untold.report.dialect) });
    assert.equal(set.code, EXIT.asAssumed, set.stdout);
    assert.deepEqual(set.transcript.dialect, { maxPageSize: 3 });
  });

  test("no total", async () => {
    sim.control.configure({ includeTotal: false });
    seed();
    const ended = await run([], FEW_PAGES);
    assert.equal(ended.code, EXIT.asAssumed);
    assert.match(seenIn(ended, 6), /no total is told.*9 users on 3 pages/);
  });

  test("a token that does not tell its lifetime, and a bearer that is needed", async () => {
    sim.control.configure({ includeExpiresIn: false, requireBearer: true });
    seed();
    const ended = await run([], WITH_LOGIN);
    assert.equal(ended.code, EXIT.asAssumed);
    assert.match(seenIn(ended, 3), /600 s are assumed/);
    assert.match(seenIn(ended, 4), /it is needed \(else 401\); a wrong one answers 401/);
  });
});

describe("with faults", () => {
  const list = { method: "GET", path: "/users" };

  test("a rate limit: the wait that is asked for is kept, and one beyond patience ends the run", async () => {
    seed();
    sim.control.fault({ match: list, action: { rateLimit: { retryAfter: 1 } } });
    const patient = await run();
    assert.equal(patient.code, EXIT.asAssumed);
    assert.match(seenIn(patient, 15), /429 with Retry-After in seconds/);
    const [first, second] = sim.control.calls();
    assert.ok(second.at - first.at >= 950, "the wait was kept");

    sim.control.clearCalls();
    sim.control.fault({ match: list, times: "always", action: { rateLimit: { retryAfter: 900 } } });
    const refused = await run(["--wait", "5"]);
    assert.equal(refused.code, EXIT.notReached);
    assert.match(refused.report.ended, /asks to wait 900 s/);
    assert.equal(sim.control.calls().length, 1);
  });

  test("a passing outage, HTML or half an answer is not what a row is judged by", async () => {
    for (const action of [{ status: 500 }, { html: true }, { truncated: true }, { reset: "before" }]) {
      sim.control.reset();
      seed();
      sim.control.fault({ match: list, action });
      const ended = await run();
      assert.equal(ended.code, EXIT.asAssumed, JSON.stringify(action));
    }
  });

  test("what lasts ends the run, and is told", async () => {
    const lasting = [
      { action: { status: 500 }, code: EXIT.notReached, says: /could not be read \(500\)/ },
      { action: { hang: true }, code: EXIT.notReached, says: /no answer within 0.3 s/ },
      { action: { hangBody: true }, code: EXIT.notReached, says: /no answer within 0.3 s/ },
      { action: { huge: 8 << 20 }, code: EXIT.notReached, says: /larger than 4 MiB/ },
      { action: { status: 403 }, code: EXIT.notReached, says: /refused our key.*\(403\)/ },
      { action: { html: true }, code: EXIT.differs, row: 1, change: /THREEDEYE_BASE_URL/ },
      { action: { status: 302, headers: { location: "https://example.com/" } }, code: EXIT.differs, row: 1 },
      { action: { truncated: true }, code: EXIT.differs, row: 5, change: /wire\/list\.rs/ },
      { action: { status: 404 }, code: EXIT.differs, row: 6, change: /paths\.users/ },
    ];
    for (const { action, code, says, row, change } of lasting) {
      sim.control.reset();
      seed();
      sim.control.fault({ match: list, times: "always", action });
      const ended = await run("hang" in action || "hangBody" in action ? ["--timeout", "0.3"] : []);
      assert.equal(ended.code, code, JSON.stringify(action));
      if (says) assert.match(ended.report.ended, says);
      if (row) assert.deepEqual(rowsThat(ended, "differs"), [row]);
      if (row && change) assert.match(rowOf(ended, row).differences[0].change, change);
      assert.equal(rowOf(ended, 12).verdict, "could not be seen");
    }
  });

  test("a token that ends in the middle is renewed", async () => {
    sim.control.configure({ requireBearer: true });
    seed();
    sim.control.fault({ match: { ...list, nth: 3 }, action: { expireTokens: true } });
    const ended = await run([], WITH_LOGIN);
    assert.equal(ended.code, EXIT.asAssumed);
    assert.equal(sim.control.calls().filter(({ path }) => path === "/v3/auth/token").length, 2);
  });

  test("a call that fails tells what failed, never the name of an error's class", async () => {
    const other = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end("SSH-2.0-none\r\n")));
    const closed = createServer();
    const [port, free] = await Promise.all([other, closed].map(listening));
    closed.close();
    const calls = [
      [`http://127.0.0.1:${free}`, /failed: refused, nothing listens there \(ECONNREFUSED\)/],
      [`http://127.0.0.1:${port}`, /failed: what answers does not speak HTTP/],
      [`https://127.0.0.1:${port}`, /failed: TLS: there is no common way to speak, or no TLS there/],
      ["http://127.0.0.1:9", /failed: the port is of another protocol/],
      ["https://tenant.invalid", /failed: DNS finds no address for the host/],
    ];
    const runs = calls.map(async ([url, says]) => {
      const ended = await run([], { THREEDEYE_BASE_URL: `${url}/v3` });
      assert.equal(ended.code, EXIT.notReached);
      assert.match(ended.report.ended, /** @type {RegExp} */ (says));
      assert.doesNotMatch(ended.stdout, /TypeError/);
    });
    await Promise.all(runs);
    other.close();
  });

  test("a certificate that is not accepted, a cut and a limit of time are told apart", () => {
    const why = (/** @type {string} */ code) => whyFailed(Object.assign(new TypeError("fetch failed"), { cause: { code } }));
    for (const code of ["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID"]) {
      assert.equal(why(code), `TLS: the certificate is not accepted (${code})`);
    }
    assert.match(why("ECONNRESET"), /^the connection was cut/);
    assert.match(why("UND_ERR_CONNECT_TIMEOUT"), /^no answer in time/);
    assert.equal(why("ENEW"), "ENEW");
    assert.equal(whyFailed(new TypeError("Invalid header value: not to be shown")), "the call could not be made");
  });
});

describe("what it is told", () => {
  test("what is missing or wrong is named, and nothing is called", async () => {
    /** @type {[Record<string, string>, string[], RegExp][]} */
    const wrong = [
      [{ THREEDEYE_API_KEY: "" }, [], /THREEDEYE_API_KEY is missing/],
      [{ THREEDEYE_CUSTOMER_ID: " " }, [], /THREEDEYE_CUSTOMER_ID is missing/],
      [{ THREEDEYE_USERNAME: "someone@example.com" }, [], /THREEDEYE_USERNAME and THREEDEYE_PASSWORD must be set together/],
      [{ THREEDEYE_BASE_URL: "http://example.com/v3" }, [], /THREEDEYE_BASE_URL must be https/],
      [{ THREEDEYE_BASE_URL: "https://user@example.com/v3" }, [], /THREEDEYE_BASE_URL must be https/],
      [{ THREEDEYE_BASE_URL: "https://example.com/v3?a=b" }, [], /THREEDEYE_BASE_URL must be https/],
      [{ THREEDEYE_PAGE_SIZE: "0" }, [], /THREEDEYE_PAGE_SIZE/],
      [{ THREEDEYE_API_KEY: "clé" }, [], /THREEDEYE_API_KEY must be of ASCII/],
      [{ THREEDEYE_DIALECT: "{" }, [], /THREEDEYE_DIALECT is not JSON/],
      [{ THREEDEYE_DIALECT: '{"taken":{"status":[409]}}' }, [], /taken\.status/],
      [{}, ["--api-key", "x"], /Unknown option '--api-key'/],
      [{}, ["--timeout", "soon"], /--timeout must be a number of seconds/],
      [{}, ["--write", "no address"], /--write wants an e-mail/],
      [{}, ["--transcript", "/no/such/folder/file.json"], /--transcript wants the name of a file in a folder that exists/],
      [{}, ["--role", "role-71"], /--role needs --write/],
      [{}, ["--write", "you@example.com", "--yes", "--role", ".."], /--role wants the id of a role/],
    ];
    for (const [env, args, says] of wrong) {
      const { code, stdout, stderr } = await run(args, env);
      assert.equal(code, EXIT.usage, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, "");
    }
    assert.deepEqual(sim.control.calls(), []);
  });

  test("a key or a login that is refused", async () => {
    const key = await run([], { THREEDEYE_API_KEY: "not-the-key" });
    assert.equal(key.code, EXIT.notReached);
    assert.match(key.report.ended, /refused our key or our customer, or wants a login \(401\)/);
    const login = await run([], { ...WITH_LOGIN, THREEDEYE_PASSWORD: "not-the-password" });
    assert.equal(login.code, EXIT.notReached);
    assert.match(login.report.ended, /refused our login \(401\)/);
    const tries = sim.control.calls().filter(({ email }) => email === WITH_LOGIN.THREEDEYE_USERNAME);
    assert.equal(tries.length, 1, "our login was not tried again");
  });

  test("a wrong key is not told as a wrong login, where a token is asked for first", async () => {
    for (const requireBearer of [false, true]) {
      sim.control.configure({ requireBearer });
      sim.control.clearCalls();
      const key = await run([], { ...WITH_LOGIN, THREEDEYE_API_KEY: "not-the-key" });
      assert.equal(key.code, EXIT.notReached);
      assert.match(
        key.report.ended,
        /refused our key or our login \(401\): 3dEye does not tell which, .*THREEDEYE_API_KEY first/,
      );
      assert.match(rowOf(key, 3).unseen.join(), /our key or our login was refused/);
      const login = await run([], { ...WITH_LOGIN, THREEDEYE_PASSWORD: "not-the-password" });
      assert.match(login.report.ended, /refused our login \(401\)$/);
      const tries = sim.control.calls().filter(({ email }) => email === WITH_LOGIN.THREEDEYE_USERNAME);
      assert.equal(tries.length, 2, "each run tries our login once");
    }
  });

  test("a key that is checked nowhere but at the list cannot be told from the login by a refused token alone", async () => {
    sim.control.configure({ requireBearer: true });
    sim.control.fault({ match: { path: "/auth/token" }, times: "always", action: { status: 401 } });
    const ended = await run([], WITH_LOGIN);
    assert.match(ended.report.ended, /refused our key or our login/);
  });

  test("--help tells the exit codes", async () => {
    const { code, stdout } = await begin(["--help"], { THREEDEYE_API_KEY: "" }).ended;
    assert.equal(code, 0);
    assert.match(stdout, /Exit codes: 0 every row .* 1 a row differs; 2 /);
  });
});
