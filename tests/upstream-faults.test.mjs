/**
 * 3dEye down, slow, lying or merely different: within the deadline, in our own words, and nothing is lost. Without wrangler's
 * proxies, so a connection that breaks is one that breaks.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, servicesForThisFile } from "./support/service.mjs";

const TIMEOUT_MS = "400";
const { service, down } = await servicesForThisFile({
  service: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_PAGE_SIZE: "4" } },
  // The discard port of loopback: nobody listens there.
  down: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_BASE_URL: "http://127.0.0.1:9/v3" } },
});

const UPSTREAM_TEXT = "text-of-the-upstream";
const LIST = { method: "GET", path: "/users" };
const CREATE = { method: "POST", path: "/users" };
const OURS = /^(3dEye|the |not )/;

async function run() {
  const answer = await service.backfill();
  assert.equal(answer.status, 200, answer.text);
  assert.doesNotMatch(answer.text, new RegExp(UPSTREAM_TEXT));
  return answer.json;
}
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));

/** Simulators are fresh for each test; settings of the file stay. */
const configure = (patch) => service.sim.configure(patch);

describe("3dEye that cannot be reached", () => {
  test("is a 502 on credentials and backfill, a reason in diagnostics, and told inside a reset", async () => {
    const user = await down.addUser();
    assertError(await down.credentials(user), 502, "3dEye is unavailable");
    assertError(await down.backfill(), 502, "3dEye is unavailable");
    assertError(await down.reset(user, { deleteRemote: true }), 502, "3dEye is unavailable");
    assert.equal((await down.diagnose(user)).json.remote.error, "3dEye is unavailable");
    assert.equal((await down.reset(user, { reprovision: true })).json.reprovision.error, "3dEye is unavailable");
    const [{ status }] = await down.runs();
    assert.equal(status, "ended_early");
  });
});

describe("a list that", () => {
  for (const [what, action] of Object.entries({
    "is a 500": { status: 500, body: { message: UPSTREAM_TEXT } },
    "is a 503 in HTML": { status: 503, contentType: "text/html", body: `<h1>${UPSTREAM_TEXT}</h1>` },
    "is a login page": { html: true },
    "is cut off": { truncated: true },
    "is 50 MB": { huge: 50 * 1024 * 1024 },
    "hangs": { hang: true },
    "hangs in its body": { hangBody: true },
    "breaks the connection": { reset: "before" },
    "is empty": { status: 200, contentType: "application/json", body: "" },
    "is null": { status: 200, contentType: "application/json", body: "null" },
    "is a text": { status: 200, body: JSON.stringify(UPSTREAM_TEXT), contentType: "application/json" },
    "has no users in it": { status: 200, body: { data: UPSTREAM_TEXT } },
    "has an object in the place of users": { status: 200, body: { data: { id: 1 } } },
    "has a number for an e-mail": { status: 200, body: { data: [{ id: "1", email: 7, roles: [] }], total: 1 } },
    "has an object for an id": { status: 200, body: { data: [{ id: {}, email: "a@example.com", roles: [] }], total: 1 } },
    "has roles without ids": { status: 200, body: { data: [{ id: "1", email: "a@example.com", roles: [{ name: "x" }] }], total: 1 } },
    "is nested deeply": { status: 200, contentType: "application/json", body: `{"data":${"[".repeat(5000)}${"]".repeat(5000)}}` },
    "sends us elsewhere": { status: 302, headers: { location: "/v3/users?customerId=elsewhere" } },
    "is forbidden": { status: 403, body: { message: UPSTREAM_TEXT } },
    "is a 401 for ever": { status: 401, body: { message: UPSTREAM_TEXT } },
    "is not there": { status: 404, body: { message: UPSTREAM_TEXT } },
  })) {
    test(`${what}: 502 in our words, and nothing is lost`, async () => {
      const [user, other] = await many(2);
      service.sim.fault({ match: LIST, times: "always", action });
      const answer = await service.credentials(user);
      assertError(answer, 502, OURS);
      assert.doesNotMatch(answer.text, new RegExp(UPSTREAM_TEXT));
      const { creates, deletes, lists } = service.upstream();
      assert.deepEqual([creates, deletes], [[], []], "nothing is concluded from it");
      // Three tries and one renewal of the token. The runtime itself repeats a GET when a kept connection breaks.
      assert.ok(lists.length <= (action.reset ? 8 : 4), `${lists.length} lists`);
      service.sim.clearFaults();
      assert.equal((await run()).created, 2);
      for (const one of [user, other]) await service.assertProvisioned(one);
    });
  }

  for (const [what, action] of Object.entries({
    "fails once": { status: 500 }, "hangs once": { hang: true }, "breaks the connection once": { reset: "after" },
  })) {
    test(`${what} is asked for again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: LIST, action });
      await service.assertProvisioned(user);
      assert.equal(service.upstream().creates.length, 1);
    });
  }

  test("fails on a later page concludes nothing from the earlier ones", async () => {
    service.sim.seed({ generate: { count: 10, customerId: service.customer } });
    const user = await service.addUser({ email: "user-9@example.com" });
    service.sim.fault({ match: LIST, skip: 1, times: "always", action: { status: 403 } });
    assertError(await service.credentials(user), 502);
    assert.deepEqual(service.upstream().creates, []);
  });
});

describe("Retry-After", () => {
  const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  for (const [what, retryAfter] of Object.entries({
    "as seconds": 1, "as a date": inSeconds(1), "absent": null, "as 0": 0, "as a date in the past": inSeconds(-100), "negative": "-5", "in words": "soon", "absurd": "99999999999999999999", "in fractions": "0.5",
  })) {
    test(`${what}: a list that is limited once is asked for again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: LIST, action: { rateLimit: { retryAfter } } });
      await service.assertProvisioned(user);
      const [limited, again] = service.upstream().lists;
      assert.equal(limited.status, 429);
      if (what === "as seconds") assert.ok(again.at - limited.at >= 950, "and not before");
    });

    test(`${what}: a create that is limited ends the run, and is not lost`, async () => {
      const users = await many(9);
      service.sim.fault({ match: CREATE, times: 9, action: { rateLimit: { retryAfter } } });
      const first = await run();
      assert.deepEqual([first.success, first.created], [false, 0]);
      assert.ok(service.upstream().creates.length <= 6, "no new one is begun");
      service.sim.clearFaults();
      assert.equal((await run()).created, 9);
      assert.equal(service.sim.users().length, users.length);
    });
  }
});

describe("a create whose answer is lost", () => {
  const lost = {
    "a 500": { status: 500, body: { message: UPSTREAM_TEXT } },
    "a 502 in HTML": { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
    "no answer": { hang: true },
    "a login page": { html: true },
    "half of an answer": { truncated: true },
    "an answer of 50 MB": { huge: 50 * 1024 * 1024 },
    "an answer that stops": { hangBody: true },
  };
  for (const [what, action] of [...Object.entries(lost), ["a broken connection", { reset: "after" }]]) {
    test(`after it took effect (${what}): the account is adopted, and not made a second time`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: CREATE, action: action.reset ? action : { ...action, after: true } });
      assert.equal((await run()).created, 1);
      assert.equal(service.upstream().creates.length, 1);
      assert.deepEqual(service.upstream().deletes, []);
      assert.equal((await service.audit()).at(-1).outcome, "adopted");
      await service.assertProvisioned(user);
    });
  }
  for (const [what, action] of [...Object.entries(lost), ["a broken connection", { reset: "before" }]]) {
    test(`before it took effect (${what}): it is made, after the list was read again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: CREATE, action });
      assert.equal((await run()).created, 1);
      const { creates, lists } = service.upstream();
      assert.equal(creates.length, 2);
      assert.ok(lists.some(({ seq }) => seq > creates[0].seq && seq < creates[1].seq), "never repeated before the list was read");
      await service.assertProvisioned(user);
    });
  }

  test("and which stays invisible beyond the re-reads is adopted by a later run", async () => {
    const user = await service.addUser();
    configure({ visibilityDelayMs: { create: 6000 } });
    service.sim.fault({ match: CREATE, action: { status: 500, after: true } });
    const first = await run();
    assert.deepEqual([first.created, first.failed, first.quarantined], [0, 1, 0]);
    assert.deepEqual(first.errors, [`${user.id}: the account was created but is not visible yet`]);
    configure({ visibilityDelayMs: { create: 0 } });
    while (!service.accountsOf(user.email)[0].visible) await new Promise((wake) => setTimeout(wake, 100));
    assert.equal((await run()).created, 1);
    assert.deepEqual(service.upstream().deletes, []);
    await service.assertProvisioned(user);
  });

  test("on credentials: still one account, and its password", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: CREATE, action: { reset: "after" } });
    await service.assertProvisioned(user);
    assert.equal(service.upstream().creates.length, 1);
  });
});

describe("propagation", () => {
  test("a new account that is not in the list for seconds is no reason to make another", async () => {
    const users = await many(3);
    configure({ visibilityDelayMs: { create: 60_000 } });
    assert.equal((await run()).created, 3);
    assert.equal((await run()).total, 0);
    for (const user of users) await service.assertProvisioned(user);
  });

  test("an e-mail that stays taken after its account was deleted is waited for", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1"] }]);
    configure({ visibilityDelayMs: { delete: 1500 } });
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(user, { roles: ["r1"] });
  });

  test("an e-mail that stays taken for longer is no orphan: a later run makes the account", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1"] }]);
    configure({ visibilityDelayMs: { delete: 5000 } });
    const first = await run();
    assert.deepEqual([first.failed, first.quarantined], [1, 0]);
    assert.equal((await service.diagnose(user)).json.recovery.found, true, "the roles wait");
    for (let count = 0; count < 5 && (await run()).created === 0; count += 1);
    await service.assertProvisioned(user, { roles: ["r1"] });
  });

  for (const times of [1, 2]) {
    test(`a role that answers 404 ${times === 1 ? "once" : "twice"} is attached at last`, async () => {
      const user = await service.addUser();
      service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1", "r2"] }]);
      configure({ roleAttachNotFoundTimes: times });
      for (let count = 0; count < 3; count += 1) await run();
      await service.assertProvisioned(user, { roles: ["r1", "r2"] });
      assert.equal((await service.diagnose(user)).json.recovery.found, false);
    });
  }

  test("roles that cannot be attached wait, and are not forgotten", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1", "r2"] }]);
    service.sim.fault({ match: { path: "/roles/r2" }, times: "always", action: { status: 403 } });
    const first = await run();
    assert.deepEqual([first.created, first.failed], [0, 1]);
    const { mapping, recovery } = (await service.diagnose(user)).json;
    assert.deepEqual([mapping.state, recovery.found, recovery.roleIds], ["attaching", true, ["r1", "r2"]]);
    service.sim.clearFaults();
    assert.equal((await run()).created, 1);
    await service.assertProvisioned(user, { roles: ["r1", "r2"] });
    assert.equal(service.upstream().creates.length, 1);
  });
});

describe("the access token", () => {
  test("that expires in the middle of a run is renewed once, and every user gets one account", async () => {
    const users = await many(12);
    service.sim.fault({ match: CREATE, skip: 4, action: { expireTokens: true } });
    assert.equal((await run()).created, 12);
    assert.equal(service.sim.users().length, 12);
    assert.ok(service.upstream().logins.length <= 3, `${service.upstream().logins.length} logins`);
    for (const user of users.slice(0, 3)) await service.assertProvisioned(user);
  });

  test("that cannot be had is a 502, and nothing is concluded", async () => {
    const user = await service.addUser();
    configure({ login: { password: "changed-at-the-vendor" } });
    assertError(await service.credentials(user), 502, "3dEye refused our credentials");
    assert.deepEqual([service.upstream().creates, service.upstream().deletes], [[], []]);
  });

  test("a proof that fails for another reason than the password is no refusal: nothing is deleted", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: CREATE, action: { status: 500, after: true } });
    // Our own login comes first, because the simulator has forgotten the token of the test before.
    service.sim.fault({ match: { method: "POST", path: "/auth/token" }, skip: 1, times: "always", action: { status: 500 } });
    await run();
    assert.ok(service.upstream().proofs.length > 0);
    assert.deepEqual(service.upstream().deletes, []);
    service.sim.clearFaults();
    for (let count = 0; count < 3; count += 1) await run();
    await service.assertProvisioned(user);
    assert.deepEqual(service.upstream().deletes, []);
  });
});

describe("another reading of the vendor's API", () => {
  const readings = {
    "PascalCase names": { fieldStyle: "pascal" },
    "numeric ids": { idStyle: "numeric" },
    "roles as a list of ids": { rolesAs: "roleIds" },
    "PascalCase, numeric ids and lists of ids at once": { fieldStyle: "pascal", idStyle: "numeric", rolesAs: "roleIds" },
    "no total": { includeTotal: false },
    "a smaller page than was asked for": { maxPageSize: 3 },
    "the created user under data": { createEnvelope: "data" },
    "200 for a create": { createStatus: 200 },
    "no id in the answer to a create": { createWithoutId: true },
    "200 for a delete and an attach": { deleteStatus: 200, attachStatus: 200 },
    "201 for an attach": { attachStatus: 201 },
    "400 for a wrong password": { wrongPasswordStatus: 400 },
    "403 for a wrong password": { wrongPasswordStatus: 403 },
    "no expiresIn": { includeExpiresIn: false },
    "tokens of one second": { tokenTtlSeconds: 1 },
    "calls without a bearer token": { requireBearer: false },
  };
  for (const [what, config] of Object.entries(readings)) {
    test(`${what}: accounts are made, found, replaced and deleted`, async () => {
      configure(config);
      service.sim.seed({ generate: { count: 9, customerId: service.customer } });
      const [fresh, replaced, adopted] = await many(3);
      service.sim.seed([{ email: replaced.email.toUpperCase(), customerId: service.customer, roles: ["r1", "r2"] }]);
      service.sim.fault({ match: { email: adopted.email }, action: { status: 500, after: true } });
      for (let count = 0; count < 3 && (await run()).remaining > 0; count += 1);
      await service.assertProvisioned(fresh);
      await service.assertProvisioned(replaced, { roles: ["r1", "r2"] });
      await service.assertProvisioned(adopted);
      const { mapping, remote } = (await service.diagnose(replaced)).json;
      assert.deepEqual([mapping.remoteAccountExists, remote.customerUserCount, remote.match.roleCount], [true, 12, 2]);
      assert.equal((await service.reset(fresh, { deleteRemote: true })).json.remote.deletedThreedeyeUserId, mapping && remote && (await service.audit()).at(-1).outcome.match(/account (\S+)$/)[1]);
      assert.equal(service.accountsOf(fresh.email).length, 0);
    });
  }

  for (const duplicate of [
    { status: 409, body: "taken" },
    { status: 400, body: { Message: "User already exists" } },
    { status: 422, body: { errors: { email: ["has been taken"] } } },
    { status: 400, body: { title: "Duplicate user name" } },
    { status: 422, body: "<html>E-mail ALREADY in use</html>" },
  ]) {
    test(`a taken e-mail as ${duplicate.status} ${JSON.stringify(duplicate.body)} is an orphan, not a failure to repeat`, async () => {
      const user = await service.addUser();
      configure({ duplicate });
      service.sim.seed([{ email: user.email, customerId: "another" }]);
      assert.deepEqual([(await run()).quarantined, (await service.diagnose(user)).json.mapping.state], [1, "quarantined"]);
      assert.equal(service.accountsOf(user.email)[0].customerId, "another");
    });
  }
});

describe("our calls", () => {
  test("carry the API key, and our customer, and choose the password", async () => {
    const user = await service.addUser({ email: " Jane.Doe@Example.com" });
    await service.credentials(user);
    assert.ok(service.upstream().all.every(({ authenticated, status }) => authenticated || status === 401));
    const [account] = service.accountsOf("jane.doe@example.com");
    assert.deepEqual([account.customerId, account.roles], [service.customer, []]);
    assert.ok(account.firstName !== "" && account.lastName !== "");
  });
});
