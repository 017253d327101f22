/** `npm run tenant -- --write`: what it sees of an account of its own, and that it leaves nothing behind, whatever happens. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { simulatorForThisFile } from "./support/simulator.mjs";
import { assertDiffers, EXIT, rowOf, rowsThat, tenantFor, WITH_LOGIN } from "./support/tenant.mjs";
import { until } from "./support/until.mjs";

const { sim } = await simulatorForThisFile();
const { begin, run } = await tenantFor(sim);

const EMAIL = "you+test@example.com";
const WRITE = ["--write", EMAIL, "--yes"];
const ROLE = ["--role", "role-71"];
const CREATE = { method: "POST", path: "/users" };
const DELETE = { method: "DELETE", path: "/users/" };

/** @type {object[]} */
let before;
beforeEach(() => {
  sim.control.configure({ roles: [{ id: "role-71", name: "Gate" }] });
  sim.control.seed([
    { email: "Neighbour@Example.org", roles: ["role-71"] },
    { email: "another@example.org", customerId: "cust-2" },
  ]);
  sim.control.seed({ generate: { count: 5, prefix: "person-" } });
  before = sim.control.users();
});

/** Of every test: that is what the command promises. A test that leaves something on purpose sets `before` to it. */
afterEach(() => assert.deepEqual(sim.control.users(), before));

/** The ids that were deleted are those that a create made. */
function assertOnlyOwnDeleted() {
  const ids = new Set(before.map((user) => String(/** @type {any} */ (user).id)));
  const deletes = sim.control.calls().filter(({ method, path }) => method === "DELETE" && path.startsWith("/v3/users/"));
  for (const { path } of deletes) assert.ok(!ids.has(decodeURIComponent(path.split("/").at(-1) ?? "")));
  return deletes.length;
}

/** @param {any} ended @param {number} row */
const seenIn = (ended, row) => rowOf(ended, row).seen.join("; ");

describe("an account of its own", () => {
  test("shows every row but the limit on the rate", async () => {
    const ended = await run([...WRITE, ...ROLE], WITH_LOGIN);
    assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
    assert.deepEqual(rowsThat(ended, "could not be seen"), [15]);
    assert.match(seenIn(ended, 8), /201 with the id/);
    assert.match(seenIn(ended, 9), /204; 404 when it is gone already; the list does not show it any more/);
    assert.match(seenIn(ended, 10), /204; a role that is attached already: 409; the list shows the role/);
    assert.match(seenIn(ended, 18), /200 with a token for the right password; 401 for a wrong one/);
    assert.deepEqual(ended.report.remains, []);
    assert.equal(assertOnlyOwnDeleted(), 3, "the account, again, and the one made after it");
  });

  test("what it will do is shown, and needs a yes", async () => {
    const { code, stderr } = await begin(["--write", EMAIL]).ended;
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /there is no terminal: add --yes/);
    assert.deepEqual(sim.control.calls(), []);

    const agreed = await run(WRITE);
    const plan = agreed.stderr.indexOf("This changes a real customer");
    assert.ok(plan >= 0 && plan < agreed.stderr.indexOf("Creating an account"));
  });

  test("without a role none is attached, and without a login the token is seen by the proof", async () => {
    const ended = await run(WRITE);
    assert.equal(ended.code, EXIT.asAssumed);
    assert.match(rowOf(ended, 10).unseen.join(), /needs --role/);
    assert.equal(rowOf(ended, 3).verdict, "as assumed");
    assert.ok(sim.control.calls().every(({ path }) => !path.includes("/roles/")));
  });

  test("an e-mail that exists already, here or where we cannot see it, stops it", async () => {
    for (const email of ["neighbour@example.org", "ANOTHER@example.org"]) {
      sim.control.clearCalls();
      const ended = await run(["--write", email, "--yes"]);
      assert.equal(ended.code, EXIT.usage);
      assert.match(ended.report.ended, /nothing was changed/);
      assert.equal(assertOnlyOwnDeleted(), 0);
    }
  });

  test("the login's own e-mail is refused", async () => {
    const { code, stderr } = await run(["--write", "SVC@spkey.example", "--yes"], WITH_LOGIN);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /this is the login's/);
  });

  test("a customer without users tells of its fields by the account", async () => {
    sim.control.reset();
    before = [];
    const ended = await run(WRITE);
    assert.equal(ended.code, EXIT.asAssumed);
    assert.match(seenIn(ended, 7), /ids are UUIDs/);
    assert.match(ended.stderr, /is THREEDEYE_CUSTOMER_ID right\?\nThis changes a real customer/);
  });

  test("a list that is too long to be read whole is no place to write to", async () => {
    sim.control.seed({ generate: { count: 30 } });
    before = sim.control.users();
    const ended = await run(WRITE, { THREEDEYE_PAGE_SIZE: "1" });
    assert.equal(ended.code, EXIT.usage);
    assert.match(ended.report.ended, /set a larger THREEDEYE_PAGE_SIZE/);
    assert.ok(sim.control.calls().every(({ method }) => method === "GET"));
  });
});

describe("in another dialect", () => {
  test("each that the Worker understands is as assumed", async () => {
    const dialects = [
      { fieldStyle: "pascal", idStyle: "numeric", rolesAs: "roleIds" },
      { createStatus: 200, createEnvelope: "data", deleteStatus: 200, attachStatus: 200 },
      { createWithoutId: true },
      { wrongPasswordStatus: 400, attachStatus: 201 },
      { duplicate: { status: 422, body: { Message: "E-mail already in use" } } },
      { duplicate: { status: 400, body: "<h1>The user exists</h1>" } },
      { maxPageSize: 2, latencyMs: 2 },
    ];
    for (const dialect of dialects) {
      sim.control.configure({ ...dialect });
      const ended = await run([...WRITE, ...ROLE], WITH_LOGIN);
      assert.equal(ended.code, EXIT.asAssumed, `${JSON.stringify(dialect)}\n${ended.stdout}`);
      assert.deepEqual(rowsThat(ended, "could not be seen"), [15]);
      sim.control.reset({ config: { roles: [{ id: "role-71", name: "Gate" }] } });
      before = [];
    }
  });

  test("another word, or another status, for an e-mail that is taken", async () => {
    sim.control.configure({ duplicate: { status: 422, body: { message: "E-mail is in use" } } });
    const word = await run(WRITE);
    assertDiffers(word, 11, { seen: /^422: E-mail is in use$/, change: /^THREEDEYE_DIALECT taken\.words$/ });
    assert.deepEqual(word.report.dialect.taken.words.at(-1), "in use");
    const set = await run(WRITE, { THREEDEYE_DIALECT: JSON.stringify(word.report.dialect) });
    assert.equal(set.code, EXIT.asAssumed, set.stdout);

    sim.control.configure({ duplicate: { status: 412, body: { message: "No" } } });
    const status = await run(WRITE);
    assertDiffers(status, 11, { seen: /^412: No$/, change: /^THREEDEYE_DIALECT taken\.statuses$/ });
    assert.deepEqual(status.report.dialect, { taken: { statuses: [409, 412] } });
    const { code } = await run(WRITE, { THREEDEYE_DIALECT: JSON.stringify(status.report.dialect) });
    assert.equal(code, EXIT.asAssumed);
  });

  test("another status for a wrong password is in the code", async () => {
    sim.control.configure({ wrongPasswordStatus: 403 });
    const ended = await run(WRITE);
    assertDiffers(ended, 18, { seen: /^403$/, change: /wire\/auth\.rs/ });
    assert.equal(ended.report.dialect, null);
  });

  test("other statuses for what is attached or gone already", async () => {
    sim.control.fault({ match: { method: "POST", path: "/roles", nth: 2 }, action: { status: 400 } });
    const attached = await run([...WRITE, ...ROLE]);
    assertDiffers(attached, 10, { seen: /^400$/, change: /attachRole\.attachedStatuses/ });
    assert.deepEqual(attached.report.dialect, { attachRole: { attachedStatuses: [409, 400] } });

    sim.control.fault({ match: { ...DELETE, nth: 2 }, action: { status: 410 } });
    const gone = await run(WRITE);
    assertDiffers(gone, 9, { seen: /^410$/, change: /delete\.goneStatuses/ });
    assert.deepEqual(gone.report.dialect, { delete: { goneStatuses: [404, 410] } });
  });

  test("a role that is attached by another method, or not there", async () => {
    sim.control.fault({ match: { method: "POST", path: "/roles" }, action: { status: 405, headers: { allow: "GET, PUT" } } });
    const method = await run([...WRITE, ...ROLE]);
    assertDiffers(method, 10, { seen: /^405$/, change: /attachRole\.method/ });
    assert.deepEqual(method.report.dialect, { attachRole: { method: "PUT" } });

    const none = await run([...WRITE, "--role", "role-72", "--wait", "1"]);
    assertDiffers(none, 10, { seen: /^404$/, change: /or there is no such role/ });
  });

  test("delays are timed", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 700, delete: 700 }, roleAttachNotFoundTimes: 2 });
    const ended = await run([...WRITE, ...ROLE]);
    assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
    assert.match(seenIn(ended, 10), /204, after 404 for 2 times/);
    assert.match(seenIn(ended, 14), /in the list after (0\.[7-9]|[123](\.\d)?) s/);
    assert.match(seenIn(ended, 14), /deleted account is free after (0\.[6-9]|[1-9](\.\d)?) s/);
  });

  test("a delay that was not waited for as long as is assumed was not seen to differ", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 60_000, delete: 0 } });
    const ended = await run([...WRITE, "--wait", "0.5"]);
    assert.deepEqual(rowsThat(ended, "differs"), []);
    assert.match(rowOf(ended, 14).unseen.join(), /not within 0.5 s, which is all that was waited/);
  });

  test("delays beyond what is assumed, or beyond patience", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 60_000, delete: 60_000 } });
    const ended = await run([...WRITE, "--wait", "3.6"]);
    assertDiffers(ended, 14, { seen: /it is not within 3.6 s/, change: /src\/provisioning/ });
    assert.match(rowOf(ended, 14).unseen.join(), /still taken after 3.6 s/);
  });
});

describe("with faults", () => {
  test("an account whose create was not answered is found by its password, and deleted", async () => {
    for (const action of [{ reset: "after" }, { status: 500, after: true }, { html: true, after: true }]) {
      sim.control.fault({ match: CREATE, action });
      const ended = await run(WRITE);
      assert.deepEqual(rowsThat(ended, "differs"), [], JSON.stringify(action));
      assert.match(rowOf(ended, 8).unseen.join(), /its answer was lost/);
      assert.deepEqual(rowOf(ended, 17).unseen, ["the answer to the create was lost"]);
      assert.doesNotMatch(ended.stdout, /needs --write/);
      assert.deepEqual(sim.control.users(), before);
    }
  });

  test("a create that did not work leaves nothing to find", async () => {
    sim.control.fault({ match: CREATE, action: { reset: "before" } });
    const ended = await run([...WRITE, "--wait", "0.5"]);
    assert.deepEqual(ended.report.remains, []);
    assert.equal(assertOnlyOwnDeleted() > 0, true, "the second create made one, which is deleted");
  });

  test("a create that hangs", async () => {
    sim.control.fault({ match: CREATE, action: { hang: true, after: true } });
    const ended = await run([...WRITE, "--timeout", "1.5"]);
    assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
    assert.match(rowOf(ended, 8).unseen.join(), /no answer within 1.5 s/);
  });

  test("a delete that fails is tried again; in the end it is told what remains and how to remove it", async () => {
    sim.control.fault({ match: DELETE, times: 4, action: { status: 503 } });
    const late = await run(WRITE);
    assert.equal(late.code, EXIT.notReached);
    assert.deepEqual(late.report.remains, []);
    assert.deepEqual(sim.control.users(), before);

    sim.control.fault({ match: DELETE, times: "always", action: { status: 503 } });
    const never = await run(WRITE);
    const left = sim.control.users().find(({ email }) => email === EMAIL);
    assert.equal(never.code, EXIT.notReached);
    assert.deepEqual(never.report.remains, [{ id: left?.id, email: EMAIL }]);
    assert.match(never.stderr, new RegExp(`✗ Left behind: the account ${left?.id} with you\\+test@example\\.com`));
    before = sim.control.users();
  });

  test("an account that another made under the e-mail meanwhile is not touched", async () => {
    sim.control.fault({ match: CREATE, action: { reset: "before" } });
    sim.control.fault({ match: CREATE, action: { delayMs: 300 } });
    const { ended } = begin([...WRITE, "--json"]);
    await until(() => sim.control.faults()[1].fired === 1);
    sim.control.seed([{ email: EMAIL }]);
    before = sim.control.users();
    const done = await ended;
    assert.equal(done.code, EXIT.usage, done.stdout);
    assert.match(done.report.ended, /this run's password does not open/);
    assert.equal(assertOnlyOwnDeleted(), 0);
    assert.deepEqual(done.report.remains, []);
  });

  test("a rate limit in the middle", async () => {
    sim.control.fault({ match: CREATE, action: { rateLimit: { retryAfter: 1 } } });
    sim.control.fault({ match: DELETE, action: { rateLimit: { retryAfter: null } } });
    const patient = await run(WRITE);
    assert.equal(patient.code, EXIT.asAssumed, patient.stdout);

    sim.control.fault({ match: { method: "POST", path: "/auth/token" }, action: { rateLimit: { retryAfter: 900 } } });
    const stopped = await run(WRITE);
    assert.equal(stopped.code, EXIT.notReached);
    assert.match(stopped.report.ended, /asks to wait 900 s/);
  });

  test("a list that fails while the account is there", async () => {
    sim.control.configure({ latencyMs: 30 });
    const { said, ended } = begin([...WRITE, "--wait", "0.5", "--json"]);
    await until(() => said.stderr.includes("Creating an account"));
    sim.control.fault({ match: { method: "GET", path: "/users" }, times: "always", action: { status: 500 } });
    const done = await ended;
    assert.match(rowOf(done, 14).unseen.join(), /when a new account is in the list: page 1: 500/);
    assert.match(rowOf(done, 9).unseen.join(), /whether the list shows it still: page 1: 500/);
    assert.deepEqual(rowsThat(done, "differs"), []);
    assert.deepEqual(done.report.remains, []);
  });

  test("an account that is shown after it was deleted is deleted again, and told", async () => {
    sim.control.fault({ match: DELETE, times: "always", action: { status: 204 } });
    const ended = await run([...WRITE, "--wait", "0.5"]);
    assert.equal(ended.code, EXIT.notReached);
    assert.ok(rowsThat(ended, "differs").includes(9));
    assert.deepEqual(
      ended.report.remains.map((/** @type {{email: string}} */ one) => one.email),
      [EMAIL],
    );
    before = sim.control.users();
  });

  test("a token that ends is renewed", async () => {
    sim.control.configure({ requireBearer: true });
    sim.control.fault({ match: DELETE, action: { expireTokens: true } });
    const ended = await run(WRITE, WITH_LOGIN);
    assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
  });

  test("a create that answers with an account that was there before does not make it ours", async () => {
    const [{ id }] = /** @type {{id: string}[]} */ (before);
    sim.control.fault({ match: CREATE, action: { status: 200, body: { id, email: EMAIL } } });
    const ended = await run(WRITE);
    assert.equal(ended.code, EXIT.differs);
    assert.match(ended.report.ended, /was there before, which is not touched/);
    assert.equal(assertOnlyOwnDeleted(), 0);
  });
});

describe("an interruption", () => {
  test("by any signal leaves the directory as it was", async () => {
    /** @type {[NodeJS.Signals, number, object][]} */
    const cases = [
      ["SIGINT", 130, CREATE],
      ["SIGTERM", 143, { method: "POST", path: "/auth/token" }],
      ["SIGHUP", 129, DELETE],
    ];
    for (const [signal, code, match] of cases) {
      sim.control.clearCalls();
      // The call takes effect at once and is answered late: the signal comes in between.
      sim.control.fault({ match, action: { delayMs: 400, after: true } });
      const { child, ended } = begin([...WRITE, "--json"]);
      const { method, path } = /** @type {{method: string, path: string}} */ (match);
      await until(() => sim.control.calls().some((call) => call.method === method && call.path.startsWith(`/v3${path}`)));
      child.kill(signal);
      child.kill(signal);
      const { code: exitCode, report, transcript } = await ended;
      assert.equal(exitCode, code);
      assert.match(report.ended, new RegExp(`ended by ${signal}`));
      assert.deepEqual(report.remains, []);
      assert.ok(transcript.exchanges.length > 0);
      assert.deepEqual(sim.control.users(), before, signal);
    }
  });

  test("before it is known which account was made", async () => {
    sim.control.configure({ createWithoutId: true });
    sim.control.fault({ match: { ...CREATE, nth: 2 }, action: { delayMs: 400, after: true } });
    const { child, ended } = begin([...WRITE, "--json"]);
    await until(() => sim.control.calls().filter(({ method, path }) => method === "POST" && path === "/v3/users").length === 2);
    child.kill("SIGINT");
    const { code, report } = await ended;
    assert.equal(code, 130);
    assert.deepEqual(report.remains, []);
  });

  test("while it waits until the account is visible", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 60_000, delete: 0 } });
    const { child, said, ended } = begin(WRITE);
    await until(() => said.stderr.includes("Waiting until the list shows it"));
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /\nNothing is left behind\.\n$/);
  });

  test("by an output that is closed", async () => {
    const { child, said, ended } = begin(WRITE);
    await until(() => said.stderr.includes("Creating an account"));
    child.stderr.destroy();
    child.stdout.destroy();
    assert.equal((await ended).code, EXIT.notReached);
    assertOnlyOwnDeleted();
  });
});
