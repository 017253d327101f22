/**
 * Answers that are lost, effects that show late, tokens that expire: each user still ends with one account that opens with the
 * stored password. Without wrangler's proxies, so a connection that breaks is one that breaks.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ vars: { THREEDEYE_TIMEOUT_MS: "400", THREEDEYE_PAGE_SIZE: "4" } });

const UPSTREAM_TEXT = "text-of-the-upstream";
const CREATE = { method: "POST", path: "/users" };

async function run() {
  const answer = await service.backfill();
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
/** @param {number} count */
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));
/** @param {object} patch */
const configure = (patch) => service.sim.configure(patch);

describe("a create whose answer is lost", () => {
  /** @type {Record<string, any>} */
  const lost = {
    "a 500": { status: 500, body: { message: UPSTREAM_TEXT } },
    "a 502 in HTML": { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
    "no answer": { hang: true },
    "a login page": { html: true },
    "half of an answer": { truncated: true },
    "an answer of 50 MB": { huge: 50 * 1024 * 1024 },
    "an answer that stops": { hangBody: true },
  };
  for (const [what, action] of Object.entries({ ...lost, "a broken connection": { reset: "after" } })) {
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
      assert.ok(
        lists.some(({ seq }) => seq > creates[0].seq && seq < creates[1].seq),
        "never repeated before the list was read",
      );
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

  test("a role that is lost does not hold up the others", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1", "r2", "r3"] }]);
    service.sim.fault({ match: { path: "/roles/r1" }, times: "always", action: { status: 403 } });
    await run();
    assert.deepEqual(service.accountsOf(user.email)[0].roles.sort(), ["r2", "r3"]);
    assert.equal((await service.diagnose(user)).json.mapping.state, "attaching");
  });

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

describe("a stored password that does not open the account with the user's e-mail", () => {
  /** A user whose password is stored, and an account with its e-mail that somebody else made. */
  async function strangersAccount() {
    const user = await service.addUser();
    service.sim.fault({ match: CREATE, action: { status: 400 } });
    assert.equal((await run()).failed, 1);
    service.sim.seed([{ email: user.email, customerId: service.customer, roles: ["r1"] }]);
    return user;
  }

  for (const wrongPasswordStatus of [400, 401]) {
    test(`${wrongPasswordStatus}: it is replaced and its roles are kept`, async () => {
      const user = await strangersAccount();
      configure({ wrongPasswordStatus });
      assert.equal((await run()).created, 1);
      assert.ok(service.upstream().proofs.length > 0);
      await service.assertProvisioned(user, { roles: ["r1"] });
    });
  }

  for (const [what, action] of Object.entries({
    403: { status: 403 },
    404: { status: 404 },
    429: { rateLimit: {} },
    500: { status: 500 },
    "a login page": { html: true },
    "no token in it": { status: 200, body: {} },
    "no answer": { hang: true },
    "a broken connection": { reset: "before" },
  })) {
    test(`${what} is no definite no: nothing is deleted`, async () => {
      const user = await strangersAccount();
      // Our own login is known by now, so these are the proofs.
      service.sim.fault({ match: { method: "POST", path: "/auth/token" }, times: "always", action });
      const answer = await service.backfill();
      assert.equal(answer.json.created, 0, answer.text);
      assert.ok(service.upstream().proofs.length > 0);
      assert.deepEqual(service.upstream().deletes, []);
      assert.deepEqual(service.accountsOf(user.email)[0].roles, ["r1"]);
    });
  }
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
