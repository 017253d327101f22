/** POST /admin/threedeye/users/{userId}/reset: the repair by hand, in its order and within its guards. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile } from "./support/service.mjs";

/** @import { Service, User } from "./support/service.mjs" */

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "400" } });

const NOT_ASKED = { attemptedDelete: false, deletedThreedeyeUserId: null, notVisible: false, removedRoleIds: [] };
const NOT_REPROVISIONED = { attempted: false, threedeyeUserId: null, error: null };

/** @param {string | User} user @param {object} [options] */
async function reset(user, options) {
  const answer = await service.reset(user, options);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/**
 * A user with its account, which may hold roles.
 * @param {{roles?: (string | number)[]} & Parameters<Service["addUser"]>[0]} [given]
 */
async function provisioned({ roles = [], ...person } = {}) {
  const user = await service.addUser(person);
  assert.equal((await service.credentials(user)).status, 200);
  service.sim.configure({ roles });
  const [account] = service.accountsOf(user.email);
  for (const role of roles) await attach(role, account.id);
  service.sim.clearCalls();
  return { user, account };
}

/**
 * As another client of the vendor would.
 * @param {string | number} role
 * @param {import("../dev/simulator/directory.mjs").Id} id
 */
async function attach(role, id) {
  const { apiKey, login } = service.sim.config();
  const base = service.issuer.replace(/\/$/, "");
  const headers = { "x-api-key": apiKey, "content-type": "application/json" };
  const answered = await fetch(`${base}/v3/auth/token`, { method: "POST", headers, body: JSON.stringify(login) });
  const { accessToken } = /** @type {any} */ (await answered.json());
  const answer = await fetch(`${base}/v3/roles/${role}/users/${id}`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${accessToken}` },
  });
  assert.ok(answer.ok);
}

/** @param {{id: string}} user @param {string[]} roles */
const recover = (user, roles) =>
  service.sql("INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?, ?, 1)", user.id, JSON.stringify(roles));
/** @param {{id: string}} user */
const rowsOf = async (user) => ({
  mapping: (await service.sql("SELECT * FROM threedeye_users WHERE user_id = ?", user.id))[0],
  recovery: (await service.sql("SELECT * FROM threedeye_recovery WHERE user_id = ?", user.id))[0],
});

describe("the rows", () => {
  test("are cleared by default, and nothing else is done", async () => {
    for (const options of [undefined, {}, { clearMapping: true }]) {
      const { user, account } = await provisioned();
      await recover(user, ["r1"]);
      assert.deepEqual(await reset(user, options), {
        userId: user.id,
        email: user.email,
        clearedMapping: true,
        clearedRecovery: true,
        remote: NOT_ASKED,
        reprovision: NOT_REPROVISIONED,
      });
      assert.deepEqual(service.upstream().all, []);
      const { mapping, recovery } = await rowsOf(user);
      const { state, email_key, threedeye_id, password_sealed, lease_token } = mapping;
      assert.deepEqual(
        { state, email_key, threedeye_id, password_sealed, lease_token, recovery },
        {
          state: "idle",
          email_key: null,
          threedeye_id: null,
          password_sealed: null,
          lease_token: null,
          recovery: undefined,
        },
      );
      assert.deepEqual(
        [mapping.forgotten_email, mapping.forgotten_threedeye_id],
        [user.email, account.id],
        "it is known whose the account was",
      );
      assert.equal((await service.diagnose(user)).json.mapping.found, false);
      assert.deepEqual(
        service.accountsOf(user.email).map(({ id }) => id),
        [account.id],
        "the account stays",
      );
    }
  });

  test("are said to be cleared only when they really were", async () => {
    const user = await service.addUser();
    const first = await reset(user);
    assert.deepEqual([first.clearedMapping, first.clearedRecovery], [false, false]);
    await recover(user, []);
    const second = await reset(user);
    assert.deepEqual([second.clearedMapping, second.clearedRecovery], [false, true]);
  });

  test("a reset is safe to repeat", async () => {
    const { user } = await provisioned();
    await reset(user);
    const again = await reset(user);
    assert.deepEqual([again.clearedMapping, again.clearedRecovery], [false, false]);
    assert.equal((await service.backfill()).json.created, 1);
    await service.assertProvisioned(user);
  });

  test("stay with clearMapping false", async () => {
    const { user } = await provisioned();
    await recover(user, ["r1"]);
    const answer = await reset(user, { clearMapping: false });
    assert.deepEqual([answer.clearedMapping, answer.clearedRecovery], [false, false]);
    const { mapping, recovery } = await rowsOf(user);
    assert.equal(mapping.state, "complete");
    assert.equal(recovery.role_ids, '["r1"]');
  });

  test("of a user unknown here are cleared all the same", async () => {
    const { user } = await provisioned();
    await recover(user, ["r1"]);
    await service.sql("DELETE FROM users WHERE uuid = ?", user.id);
    const answer = await reset(user, { reprovision: true });
    assert.deepEqual([answer.email, answer.clearedMapping, answer.clearedRecovery], [null, true, true]);
    assert.equal(answer.reprovision.threedeyeUserId, null);
    assert.match(answer.reprovision.error, /not found/i);
    assert.deepEqual(await rowsOf(user), { mapping: undefined, recovery: undefined });
  });

  test("of somebody never heard of: nothing was there to clear", async () => {
    const answer = await reset("nobody", { deleteRemote: true });
    assert.deepEqual([answer.email, answer.clearedMapping, answer.clearedRecovery], [null, false, false]);
    assert.deepEqual([answer.remote.deletedThreedeyeUserId, answer.remote.notVisible], [null, true]);
    assert.deepEqual(await service.sql("SELECT * FROM threedeye_users"), []);
  });

  test("of other users are left alone", async () => {
    const [{ user }, other] = [await provisioned(), await provisioned()];
    await recover(other.user, ["r1"]);
    const before = await rowsOf(other.user);
    await reset(user, { deleteRemote: true });
    assert.deepEqual(await rowsOf(other.user), before);
    assert.equal(service.accountsOf(other.user.email).length, 1);
  });

  test("a reset lifts quarantine, with the rows and without", async () => {
    for (const options of [{}, { clearMapping: false }]) {
      const user = await service.addUser();
      const [orphan] = service.sim.seed([{ email: user.email, customerId: "another" }]);
      await service.credentials(user);
      assert.equal((await service.diagnose(user)).json.mapping.state, "quarantined");
      assert.equal((await service.backfill()).json.total, 0);
      await reset(user, options);
      const { state, attempts, lastError } = (await service.diagnose(user)).json.mapping;
      assert.deepEqual([state, attempts, lastError], [options.clearMapping === false ? "pending" : null, 0, null]);
      service.sim.reset({ config: { ...service.sim.config(), roles: undefined }, users: [] });
      assert.ok(orphan);
      assert.equal((await service.backfill()).json.created, 1);
      await service.assertProvisioned(user);
    }
  });
});

describe("deleteRemote", () => {
  test("deletes the mapped account, then clears the rows", async () => {
    const { user, account } = await provisioned();
    const { remote, clearedMapping } = await reset(user, { deleteRemote: true });
    assert.deepEqual(remote, {
      attemptedDelete: true,
      deletedThreedeyeUserId: account.id,
      notVisible: false,
      removedRoleIds: [],
    });
    assert.equal(clearedMapping, true);
    assert.deepEqual(service.accountsOf(user.email), []);
    const { lists, deletes } = service.upstream();
    assert.ok(Number(lists.at(-1)?.seq) < deletes[0].seq, "the probe comes first");
  });

  test("deletes by e-mail what no mapping names, whatever its case", async () => {
    const user = await service.addUser({ email: "jane@example.com" });
    const [account] = service.sim.seed([
      { email: "JANE@example.com", customerId: service.customer },
      { email: "john@example.com", customerId: service.customer },
    ]);
    const { remote } = await reset(user, { deleteRemote: true });
    assert.equal(remote.deletedThreedeyeUserId, account.id);
    assert.deepEqual(
      service.sim.users().map(({ email }) => email),
      ["john@example.com"],
      "and no other",
    );
  });

  test("deletes by the mapped id an account that was renamed since", async () => {
    const { user, account } = await provisioned();
    service.sim.reset({
      config: { ...service.sim.config(), roles: undefined },
      users: [{ id: account.id, email: "renamed@example.com", customerId: service.customer }],
    });
    const { remote } = await reset(user, { deleteRemote: true });
    assert.equal(remote.deletedThreedeyeUserId, account.id);
    assert.deepEqual(service.sim.users(), []);
  });

  test("deletes the account of an earlier e-mail, which no longer is the user's", async () => {
    const { user, account } = await provisioned();
    await service.sql("UPDATE users SET email = 'new@example.com' WHERE uuid = ?", user.id);
    const { remote, reprovision } = await reset(user, { deleteRemote: true, reprovision: true });
    assert.equal(remote.deletedThreedeyeUserId, account.id);
    assert.deepEqual(
      service.sim.users().map(({ id, email }) => [id, email]),
      [[reprovision.threedeyeUserId, "new@example.com"]],
    );
    await service.assertProvisioned({ ...user, email: "new@example.com" });
  });

  test("notVisible when neither id nor e-mail is in our customer, also when another one has the e-mail", async () => {
    const user = await service.addUser();
    assert.deepEqual((await reset(user, { deleteRemote: true })).remote, {
      attemptedDelete: true,
      deletedThreedeyeUserId: null,
      notVisible: true,
      removedRoleIds: [],
    });
    service.sim.seed([{ email: user.email, customerId: "another" }]);
    assert.equal((await reset(user, { deleteRemote: true })).remote.notVisible, true);
    assert.deepEqual(service.upstream().deletes, []);
    assert.equal(service.accountsOf(user.email).length, 1);
    assert.equal((await reset(user)).remote.notVisible, false, "not when no delete was asked for");
  });

  test("tells the roles that died with the account", async () => {
    const { user } = await provisioned({ roles: ["r1", "r2"] });
    const { remote, clearedRecovery } = await reset(user, { deleteRemote: true });
    assert.deepEqual(remote.removedRoleIds.sort(), ["r1", "r2"]);
    assert.equal(clearedRecovery, false);
    await service.assertProvisioned(user, { roles: [] });
  });

  test("preserveRoles keeps them for the next provisioning, with those saved before", async () => {
    const { user, account } = await provisioned({ roles: ["r1", "r2", "r3"] });
    service.sim.reset({
      config: { ...service.sim.config(), roles: [{ id: "r1" }, { id: "r2" }, { id: "r3" }] },
      users: [{ id: account.id, email: user.email, customerId: service.customer, roles: ["r1", "r2"] }],
    });
    await recover(user, ["r3", "r1"]);
    const { remote, clearedMapping, clearedRecovery } = await reset(user, { deleteRemote: true, preserveRoles: true });
    assert.deepEqual(remote.removedRoleIds.sort(), ["r1", "r2"]);
    assert.deepEqual([clearedMapping, clearedRecovery], [true, false]);
    assert.deepEqual((await service.diagnose(user)).json.recovery.roleIds.sort(), ["r1", "r2", "r3"]);
    assert.equal((await service.backfill()).json.created, 1);
    await service.assertProvisioned(user, { roles: ["r1", "r2", "r3"] });
    assert.equal((await service.diagnose(user)).json.recovery.found, false, "dropped once they are attached");
  });

  test("an account that is gone at the last moment counts as deleted", async () => {
    const { user } = await provisioned();
    service.sim.fault({ match: { method: "DELETE" }, action: { status: 404 } });
    const { clearedMapping } = await reset(user, { deleteRemote: true });
    assert.equal(clearedMapping, true);
  });

  // Once a delete was sent it may have had its effect: the row stops calling itself complete, so that the queue finds out.
  for (const [what, match, action, state] of /** @type {[string, object, object, string][]} */ ([
    ["the delete fails", { method: "DELETE" }, { status: 500 }, "pending"],
    ["the delete is refused", { method: "DELETE" }, { status: 403 }, "pending"],
    ["the delete is answered by a login page", { method: "DELETE" }, { html: true }, "pending"],
    ["the delete hangs", { method: "DELETE" }, { hang: true }, "pending"],
    ["the probe fails", { method: "GET" }, { status: 500 }, "complete"],
    ["the probe is unreadable", { method: "GET" }, { truncated: true }, "complete"],
  ])) {
    test(`when ${what}: 502, and nothing is cleared`, async () => {
      const { user, account } = await provisioned({ roles: ["r1"] });
      await recover(user, ["r9"]);
      const before = await rowsOf(user);
      service.sim.fault({ match, times: "always", action });
      assertError(await service.reset(user, { deleteRemote: true, reprovision: true }), 502);
      const { mapping, recovery } = await rowsOf(user);
      assert.deepEqual({ ...mapping, updated_at: 0, settled_at: 0 }, { ...before.mapping, state, updated_at: 0 });
      // What hangs may take effect yet; what was answered will not.
      assert.equal(mapping.settled_at > Date.now(), "hang" in action);
      assert.deepEqual(recovery, before.recovery);
      assert.deepEqual(
        service.accountsOf(user.email).map(({ id }) => id),
        [account.id],
      );
      service.sim.clearFaults();
      assert.equal(
        (await reset(user, { deleteRemote: true })).remote.deletedThreedeyeUserId,
        account.id,
        "the lease was given back",
      );
    });
  }

  test("an answer that was lost after the effect is found out by repeating", async () => {
    const { user, account } = await provisioned();
    service.sim.fault({ match: { method: "DELETE" }, action: { status: 500, after: true } });
    const { remote, clearedMapping } = await reset(user, { deleteRemote: true });
    assert.deepEqual([remote.deletedThreedeyeUserId, clearedMapping], [account.id, true]);
    assert.deepEqual(service.accountsOf(user.email), []);
  });
});

describe("reprovision", () => {
  test("makes a new account and tells its id", async () => {
    const { user, account } = await provisioned();
    const { reprovision, remote } = await reset(user, { deleteRemote: true, reprovision: true });
    assert.equal(remote.deletedThreedeyeUserId, account.id);
    const [fresh] = service.accountsOf(user.email);
    assert.deepEqual(reprovision, { attempted: true, threedeyeUserId: fresh.id, error: null });
    assert.notEqual(fresh.id, account.id);
    await service.assertProvisioned(user);
    const { deletes, creates } = service.upstream();
    assert.ok(deletes[0].seq < creates[0].seq);
  });

  test("with preserveRoles the new account holds the roles of the old one", async () => {
    const { user } = await provisioned({ roles: ["r1", "r2"] });
    const { remote } = await reset(user, { deleteRemote: true, reprovision: true, preserveRoles: true });
    assert.deepEqual(remote.removedRoleIds.sort(), ["r1", "r2"]);
    await service.assertProvisioned(user, { roles: ["r1", "r2"] });
  });

  test("an account whose password was forgotten is replaced and keeps its roles", async () => {
    const { user, account } = await provisioned({ roles: ["r1"] });
    const { reprovision } = await reset(user, { reprovision: true });
    assert.notEqual(reprovision.threedeyeUserId, account.id);
    await service.assertProvisioned(user, { roles: ["r1"] });
  });

  test("a failure is told inside the 200, in our words", async () => {
    const user = await service.addUser();
    service.sim.fault({
      match: { method: "POST", path: "/users" },
      times: "always",
      action: { status: 400, body: { message: "upstream-text" } },
    });
    const { reprovision, clearedMapping } = await reset(user, { reprovision: true });
    assert.deepEqual([reprovision.attempted, reprovision.threedeyeUserId, clearedMapping], [true, null, false]);
    assert.equal(reprovision.error, "3dEye refused the request with status 400");
  });

  test("a user without an e-mail: told inside the 200", async () => {
    const user = await service.addUser({ email: null });
    const { reprovision, email } = await reset(user, { reprovision: true });
    assert.deepEqual([email, reprovision.threedeyeUserId], [null, null]);
    assert.match(reprovision.error, /e-mail/);
  });
});

describe("the guards", () => {
  for (const when of ["before", "after"]) {
    test(`an account that was let go of is not left behind when the e-mail changes ${when} the reset`, async () => {
      const { user, account } = await provisioned();
      const change = () => service.sql("UPDATE users SET email = 'new@example.com' WHERE uuid = ?", user.id);
      if (when === "before") await change();
      assert.equal((await reset(user)).clearedMapping, true);
      assert.equal((await service.diagnose(user)).json.mapping.found, false);
      if (when === "after") await change();
      assert.equal((await service.backfill()).json.created, 1);
      assert.deepEqual(
        service.sim.users().map(({ email }) => email),
        ["new@example.com"],
      );
      await service.assertProvisioned({ ...user, email: "new@example.com" }, { roles: account.roles });
    });
  }

  test("a second account that would have to be remembered is refused, and nothing is cleared", async () => {
    const { user } = await provisioned();
    await reset(user);
    await service.sql("UPDATE users SET email = 'new@example.com' WHERE uuid = ?", user.id);
    // Taken up for the new e-mail, but ended before it could look at 3dEye.
    service.sim.fault({ times: "always", action: { status: 503 } });
    await service.backfill();
    service.sim.clearFaults();
    assertError(await service.reset(user), 409, /earlier e-mail|deleteRemote/);
    assert.equal((await reset(user, { clearMapping: false })).clearedMapping, false);
    assert.equal((await reset(user, { deleteRemote: true, reprovision: true })).reprovision.error, null);
    await service.assertProvisioned({ ...user, email: "new@example.com" });
    assert.equal(service.sim.users().length, 1);
  });

  test("409 with Retry-After while another provisioning of the user holds its lease, and nothing is done", async () => {
    const { user } = await provisioned();
    /** @param {number | null} until */
    const hold = (until) =>
      service.sql("UPDATE threedeye_users SET lease_token = 'lease_other', lease_until = ? WHERE user_id = ?", until, user.id);
    await hold(Date.now() + 30_000);
    const before = await rowsOf(user);
    for (const options of [{}, { deleteRemote: true, reprovision: true }]) {
      const answer = await service.reset(user, options);
      assertError(answer, 409, "Another provisioning of this user is under way");
      assert.ok(
        Number(answer.headers["retry-after"]) >= 25 && Number(answer.headers["retry-after"]) <= 31,
        answer.headers["retry-after"],
      );
    }
    assert.deepEqual(await rowsOf(user), before);
    assert.deepEqual(service.upstream().all, []);
    await hold(Date.now() - 1);
    assert.equal((await reset(user)).clearedMapping, true, "an expired lease blocks nobody");
  });

  test("our own login is never deleted, nor replaced, by any route", async () => {
    const [own] = service.sim.seed([
      { email: service.login.username.toUpperCase(), customerId: service.customer, roles: ["r1"] },
    ]);
    const user = await service.addUser({ email: service.login.username });
    const message = "the e-mail is the service's own login, which is never replaced";
    assertError(await service.reset(user, { deleteRemote: true }), 409, message);
    assertError(await service.credentials(user), 409, message);
    assert.equal((await reset(user, { reprovision: true })).reprovision.error, message);
    const { json: run } = await service.backfill();
    assert.deepEqual([run.created, run.failed, run.errors], [0, 1, [`${user.id}: ${message}`]]);
    assert.deepEqual(service.upstream().deletes, []);
    assert.deepEqual(
      service.sim.users().map(({ id }) => id),
      [own.id],
    );
  });

  test("our own login is not deleted by a mapping that names it either", async () => {
    const [own] = service.sim.seed([{ email: service.login.username, customerId: service.customer }]);
    const { user } = await provisioned();
    await service.sql("UPDATE threedeye_users SET threedeye_id = ? WHERE user_id = ?", own.id, user.id);
    assertError(await service.reset(user, { deleteRemote: true }), 409);
    assert.deepEqual(service.upstream().deletes, []);
  });

  test("an account that is mapped to another user is left alone", async () => {
    const { user: holder, account } = await provisioned({ email: "jane@example.com" });
    await service.sql("UPDATE users SET email = 'moved@example.com' WHERE uuid = ?", holder.id);
    const user = await service.addUser({ email: "jane@example.com" });
    const { remote } = await reset(user, { deleteRemote: true });
    assert.deepEqual([remote.attemptedDelete, remote.deletedThreedeyeUserId, remote.notVisible], [true, null, false]);
    assert.deepEqual(
      service.accountsOf("jane@example.com").map(({ id }) => id),
      [account.id],
    );
    assert.deepEqual(service.upstream().deletes, []);
  });

  test("a database that fails while clearing clears nothing", async () => {
    const { user } = await provisioned();
    await service.instruments({ sparedRoundTrips: 2 });
    try {
      assertError(await service.reset(user), 500);
    } finally {
      await service.instruments({ sparedRoundTrips: null });
    }
    assert.equal((await rowsOf(user)).mapping.state, "complete");
  });
});

describe("the audit trail", () => {
  test("tells who reset whom, how it ended, and in which request", async () => {
    const { user, account } = await provisioned({ roles: ["r1"] });
    const answer = await service.reset(user, { deleteRemote: true, preserveRoles: true });
    const rows = (await service.audit()).filter(({ request_id: id }) => id === answer.headers["x-request-id"]);
    assert.deepEqual(
      rows.map(({ action, subject }) => [action, subject]),
      [
        ["threedeye.delete_account", user.id],
        ["threedeye.reset", user.id],
      ],
    );
    assert.match(rows[1].outcome, new RegExp(String(account.id)));
    for (const { actor } of rows) assert.match(actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com$/);
    assert.ok(!JSON.stringify(await service.audit()).includes(user.email));
  });
});
