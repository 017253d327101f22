/** GET /admin/threedeye/users/{userId}: where a user's provisioning stands, and nothing is changed by asking. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile, until } from "./support/service.mjs";

/** @import { Service, User } from "./support/service.mjs" */

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_PAGE_SIZE: "3", THREEDEYE_TIMEOUT_MS: "400" } });

const NOTHING_MAPPED = {
  found: false,
  threedeyeUserId: null,
  hasPassword: false,
  createdAt: null,
  remoteAccountExists: null,
  state: null,
  attempts: 0,
  lastError: null,
  nextAttemptAt: null,
};

/** The answer for a user, after the checks that hold for each. @param {string | User} user */
async function diagnose(user) {
  const answer = await service.diagnose(user);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["cache-control"], "no-store");
  return answer.json;
}

/** @param {Parameters<Service["addUser"]>[0]} [person] */
async function provisioned(person) {
  const user = await service.addUser(person);
  assert.equal((await service.credentials(user)).status, 200);
  return user;
}

describe("the rows", () => {
  test("an unknown user is 200 and not found", async () => {
    const { remote, ...rest } = await diagnose("nobody");
    assert.deepEqual(rest, {
      userId: "nobody",
      user: { found: false, email: null },
      mapping: NOTHING_MAPPED,
      recovery: { found: false, roleIds: [] },
    });
    assert.deepEqual(remote, {
      configured: true,
      customerId: service.customer,
      customerUserCount: 0,
      emailPresentInCustomer: null,
      match: null,
      sampleEmails: [],
      error: null,
    });
  });

  test("a user that was never taken up has no mapping", async () => {
    const user = await service.addUser({ email: " Jane.Doe@Example.COM " });
    const { user: row, mapping, remote } = await diagnose(user);
    assert.deepEqual(row, { found: true, email: " Jane.Doe@Example.COM " }, "as it was entered");
    assert.deepEqual(mapping, NOTHING_MAPPED);
    assert.equal(remote.emailPresentInCustomer, false);
  });

  test("a user without an e-mail is found, and nothing is said of it at 3dEye", async () => {
    for (const email of [null, "", "  \t"]) {
      const user = await service.addUser({ email, phone: "+43123" });
      const { user: row, remote } = await diagnose(user);
      assert.deepEqual(row, { found: true, email });
      assert.equal(remote.emailPresentInCustomer, null);
      assert.equal(remote.match, null);
    }
  });

  test("a provisioned user is complete, and its account exists", async () => {
    const before = Date.now();
    const user = await provisioned();
    const [account] = service.accountsOf(user.email);
    const { mapping, remote } = await diagnose(user);
    const { createdAt, ...rest } = mapping;
    assert.deepEqual(rest, {
      found: true,
      threedeyeUserId: account.id,
      hasPassword: true,
      remoteAccountExists: true,
      state: "complete",
      attempts: 0,
      lastError: null,
      nextAttemptAt: null,
    });
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Date.parse(createdAt) >= before - 1000 && Date.parse(createdAt) <= Date.now() + 1000);
    assert.deepEqual(remote.match, { id: account.id, email: account.email, roleCount: 0 });
    assert.equal(remote.emailPresentInCustomer, true);
  });

  test("the password is never told, nor its sealed form", async () => {
    const user = await provisioned();
    const [{ password_sealed: sealed }] = await service.sql("SELECT password_sealed FROM threedeye_users");
    const { text } = await service.diagnose(user);
    assert.ok(sealed.length > 20);
    assert.ok(!text.includes(sealed));
    assert.ok(!text.includes(service.accountsOf(user.email)[0].password));
  });

  test("roles that wait to be attached again are listed", async () => {
    const user = await service.addUser();
    await service.sql(
      "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?, ?, 1)",
      user.id,
      JSON.stringify(["cam-2", "cam-1"]),
    );
    assert.deepEqual((await diagnose(user)).recovery, { found: true, roleIds: ["cam-2", "cam-1"] });
  });

  test("a user that failed tells how often, why, and when it is due again, without its e-mail", async () => {
    const user = await service.addUser();
    service.sim.fault({
      match: { method: "POST", path: "/users" },
      times: "always",
      action: { status: 400, body: { message: "no such domain" } },
    });
    for (let run = 0; run < 2; run += 1) await service.backfill();
    const { mapping } = await diagnose(user);
    assert.equal(mapping.state, "pending");
    assert.equal(mapping.attempts, 2);
    assert.equal(mapping.lastError, "3dEye refused the request with status 400");
    assert.ok(Date.parse(mapping.nextAttemptAt) > Date.now());
    assert.equal(mapping.threedeyeUserId, null);
    assert.equal(mapping.hasPassword, true, "the intent is stored before the create");
  });
});

describe("the probe", () => {
  test("says whether the mapped account still exists", async () => {
    const user = await provisioned();
    const [account] = service.accountsOf(user.email);
    service.sim.reset({ config: { ...service.sim.config(), roles: undefined } });
    assert.equal((await diagnose(user)).mapping.remoteAccountExists, false);
    service.sim.seed([{ id: account.id, email: "renamed@elsewhere.example", customerId: service.customer }]);
    const { mapping, remote } = await diagnose(user);
    assert.equal(mapping.remoteAccountExists, true, "by id, not by e-mail");
    assert.equal(remote.emailPresentInCustomer, false);
    assert.equal(remote.match, null);
  });

  test("finds the remote user with this e-mail whatever its case, with its roles", async () => {
    const user = await service.addUser({ email: "jane@example.com" });
    const [account] = service.sim.seed([{ email: "JANE@Example.com", customerId: service.customer, roles: ["r1", "r2"] }]);
    const { remote } = await diagnose(user);
    assert.equal(remote.emailPresentInCustomer, true);
    assert.deepEqual(remote.match, { id: account.id, email: "JANE@Example.com", roleCount: 2 });
  });

  test("counts our customer's users over all pages, and those of no other", async () => {
    service.sim.seed({ generate: { count: 10, customerId: service.customer, prefix: "ours-" } });
    service.sim.seed({ generate: { count: 5, customerId: "another", prefix: "theirs-" } });
    const user = await service.addUser({ email: "theirs-1@example.com" });
    const { remote } = await diagnose(user);
    assert.equal(remote.customerUserCount, 10);
    assert.equal(remote.emailPresentInCustomer, false, "an account of another customer is not present");
    assert.deepEqual(
      service
        .upstream()
        .lists.map(({ query }) => query.page)
        .sort()
        .filter((page, at, all) => page !== all[at - 1]),
      ["1", "2", "3", "4"],
    );
    assert.ok(service.upstream().lists.every(({ query }) => query.pageSize === "3" && query.customerId === service.customer));
  });

  test("shows at most five e-mails, masked", async () => {
    service.sim.seed(
      ["anna", "bob", "c", "dora", "emil", "fritz", "gerd"].map((name) => ({
        email: `${name}@example.com`,
        customerId: service.customer,
      })),
    );
    const { remote } = await diagnose("nobody");
    assert.equal(remote.sampleEmails.length, 5);
    for (const sample of remote.sampleEmails) assert.match(sample, /^[a-g]\*\*\*@example\.com$/);
    assert.equal(new Set(remote.sampleEmails).size, 5);
  });

  test("with fewer users shows as many", async () => {
    service.sim.seed([{ email: "jane@example.com", customerId: service.customer }]);
    assert.deepEqual((await diagnose("nobody")).remote.sampleEmails, ["j***@example.com"]);
  });

  for (const [what, action] of Object.entries({
    fails: { status: 500, body: { message: "upstream-text" } },
    "refuses us": { status: 401, body: { message: "upstream-text" } },
    forbids: { status: 403, body: { message: "upstream-text" } },
    "limits our rate": { rateLimit: { retryAfter: 3600 } },
    "sends HTML": { html: true },
    "sends half of its JSON": { truncated: true },
    "sends something else": { status: 200, body: { data: "upstream-text" } },
    hangs: { hang: true },
  })) {
    test(`3dEye ${what}: still 200, with the rows and the reason`, async () => {
      const user = await provisioned();
      service.sim.fault({ match: { method: "GET", path: "/users" }, times: "always", action });
      const { mapping, user: row, remote } = await diagnose(user);
      assert.equal(row.found, true);
      assert.equal(mapping.state, "complete");
      assert.equal(mapping.remoteAccountExists, null, "unknown");
      assert.deepEqual(
        { ...remote, error: undefined },
        {
          configured: true,
          customerId: service.customer,
          customerUserCount: null,
          emailPresentInCustomer: null,
          match: null,
          sampleEmails: [],
          error: undefined,
        },
      );
      assert.match(remote.error, /^(3dEye|not found)/);
      assert.doesNotMatch(remote.error, /upstream-text/);
    });
  }
});

describe("asking", () => {
  test("changes nothing, here or at 3dEye", async () => {
    service.sim.seed([{ email: "jane@example.com", customerId: service.customer, roles: ["r1"] }]);
    const user = await service.addUser({ email: "jane@example.com" });
    await service.sql("INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?, '[\"r1\"]', 1)", user.id);
    const everything = async () => ({
      users: service.sim.users(),
      rows: await Promise.all(
        ["users", "threedeye_users", "threedeye_recovery", "provisioning_queue", "provisioning_runs", "audit_log"].map((table) =>
          service.sql(`SELECT * FROM ${table}`),
        ),
      ),
    });
    const before = await everything();
    await diagnose(user);
    assert.deepEqual(await everything(), before);
    const { creates, deletes, attaches } = service.upstream();
    assert.deepEqual([creates, deletes, attaches], [[], [], []]);
  });

  test("costs one D1 round trip", async () => {
    const user = await provisioned();
    assert.equal((await service.diagnose(user)).headers["x-d1-round-trips"], "1");
    service.sim.fault({ match: { path: "/users" }, times: "always", action: { status: 500 } });
    assert.equal((await service.diagnose(user)).headers["x-d1-round-trips"], "1", "also when 3dEye fails");
    assert.equal((await service.diagnose("nobody")).headers["x-d1-round-trips"], "1");
  });

  test("the probe is under way before the rows have come", async () => {
    const user = await provisioned();
    service.sim.clearCalls();
    await service.instruments({ held: true });
    try {
      const answer = service.diagnose(user);
      await until(() => service.upstream().lists.length > 0, "the list is asked for while D1 has not answered");
      await service.instruments({ held: false });
      assert.equal((await answer).json.mapping.remoteAccountExists, true);
    } finally {
      await service.instruments({ held: false });
    }
  });

  test("a database that fails is a 500 that says nothing more", async () => {
    await service.instruments({ sparedRoundTrips: 0 });
    try {
      const answer = await service.diagnose("nobody");
      assertError(answer, 500);
      const { "error.cause": cause, level } = await service.lineOf(answer);
      assert.equal(cause, "D1: Failed to parse body as JSON", "D1's reason, without the answer that it quotes");
      assert.equal(level, "error");
    } finally {
      await service.instruments({ sparedRoundTrips: null });
    }
  });
});
