/** GET /users/{id}/3deye-credentials: who may ask, what is answered, and that the first call makes exactly one account. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, serviceForThisFile, until } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "500" } });

const FORBIDDEN = "You do not have permission to perform this action";

/** Makes an API key and answers the headers that present it. */
async function apiKey(order = {}) {
  const { status, json, text } = await service.admin("POST", "/admin/api-keys", {
    json: { scopes: ["threedeye:read"], ...order },
  });
  assert.equal(status, 201, text);
  return { id: json.id, headers: { "x-api-key": json.key } };
}

/** @param {Record<string, unknown>} claims */
const tokenFor = (claims) => ({ authorization: `Bearer ${service.mint({ claims })}` });

describe("who may ask", () => {
  test("the user, by uuid and by the subject of the identity provider", async () => {
    const user = await service.addUser({ subject: "auth0|jane" });
    const { json } = await service.credentials(user, tokenFor({ sub: user.id }));
    assert.deepEqual(Object.keys(json).sort(), ["email", "password", "threeDeyeUserId", "userId"]);
    const again = await service.credentials(user, tokenFor({ sub: "auth0|jane" }));
    assert.deepEqual(again.json, json);
  });

  test("nobody without credentials, nor with a defective token", async () => {
    const user = await service.addUser();
    const own = { sub: user.id };
    for (const headers of [
      {},
      { authorization: "Bearer x" },
      { authorization: `Basic ${service.mint({ claims: own })}` },
      ...[
        { expiresInSeconds: -120 },
        { alg: "none" },
        { alg: "HS256" },
        { key: "impostor" },
        { claims: { ...own, aud: "other" } },
        { claims: { ...own, iss: "other" } },
      ].map((order) => ({ authorization: `Bearer ${service.mint(/** @type {any} */ ({ claims: own, ...order }))}` })),
    ]) {
      const answer = await service.credentials(user, headers);
      assertError(answer, 401);
      assert.equal(answer.headers["x-d1-round-trips"], "0");
    }
    assertError(await service.credentials(user, tokenFor({})), 401);
    assertError(await service.credentials(user, tokenFor({ sub: "" })), 401);
    assert.deepEqual(service.upstream().all, []);
  });

  test("no other person, who also does not learn whether the user exists", async () => {
    const [jane, john] = await service.addUsers([{ subject: "auth0|jane" }, { subject: "auth0|john" }]);
    for (const sub of [john.id, "auth0|john", jane.email, jane.id.toUpperCase(), `${jane.id} `, "auth0|JANE"]) {
      assertError(await service.credentials(jane, tokenFor({ sub })), 403, FORBIDDEN);
      assertError(await service.credentials("nobody", tokenFor({ sub })), 403, FORBIDDEN);
    }
    // The e-mail of an administrator alone opens nobody else's account.
    assertError(
      await service.credentials(jane, tokenFor({ sub: "ada", email: "ada@smartphonekey.com", email_verified: true })),
      403,
      FORBIDDEN,
    );
    assert.deepEqual(service.upstream().all, []);
  });

  test("a service's API key with the scope, for every user", async () => {
    const users = await service.addUsers([{}, {}]);
    const { headers } = await apiKey();
    for (const user of users) assert.equal((await service.credentials(user, headers)).status, 200);
    assertError(await service.credentials("nobody", headers), 404, "User not found");
  });

  test("an API key of one user, for that user only", async () => {
    const [jane, john] = await service.addUsers([{}, {}]);
    const { headers } = await apiKey({ userId: jane.id });
    assert.equal((await service.credentials(jane, headers)).status, 200);
    assertError(await service.credentials(john, headers), 403, FORBIDDEN);
    assertError(await service.credentials("nobody", headers), 403, FORBIDDEN);
  });

  test("no API key without the scope, none that is unknown, malformed or revoked", async () => {
    const user = await service.addUser();
    const other = await apiKey({ scopes: ["user:write", "user:verify"] });
    assertError(await service.credentials(user, other.headers), 403, FORBIDDEN);
    const { id, headers } = await apiKey();
    assert.equal((await service.credentials(user, headers)).status, 200);
    assert.equal((await service.admin("DELETE", `/admin/api-keys/${id}`)).status, 204);
    const key = headers["x-api-key"];
    for (const value of [key, `spk_${"A".repeat(43)}`, "spk_", "", `${key}x`, key.slice(0, -1), key.toUpperCase(), [key, key]]) {
      assertError(await service.credentials(user, { "x-api-key": value }), 401);
      assertError(await service.credentials(user, { "x-api-key": value, ...service.personOf(user) }), 401);
    }
  });

  test("the admin pair, and neither half of it", async () => {
    const user = await service.addUser();
    const pair = service.adminPair();
    assert.equal((await service.credentials(user, pair)).status, 200);
    assert.equal(
      (await service.credentials(user, { "x-api-key": service.adminKey, authorization: pair.authorization })).status,
      200,
    );
    assertError(await service.credentials(user, { "x-admin-api-key": service.adminKey }), 401);
    assertError(await service.credentials(user, { "x-api-key": service.adminKey }), 401);
    assertError(await service.credentials(user, { ...pair, "x-admin-api-key": "wrong" }), 401);
    assertError(await service.credentials(user, { ...pair, ...tokenFor({ email: "ada@evil.example" }) }), 403, FORBIDDEN);
    assertError(await service.credentials("nobody", pair), 404, "User not found");
  });

  test("authorising and loading the user is one D1 round trip", async () => {
    const user = await service.addUser({ subject: "auth0|jane" });
    await service.credentials(user);
    const { headers } = await apiKey();
    await service.credentials(user, headers); // notes that the key was used, at most once an hour
    for (const shown of [service.personOf(user), tokenFor({ sub: "auth0|jane" }), headers, service.adminPair()]) {
      const answer = await service.credentials(user, shown);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-d1-round-trips"], "1");
    }
  });
});

describe("what is answered", () => {
  test("the first call makes the account, later ones call nobody", async () => {
    const user = await service.addUser({ email: " Jane@Example.com " });
    const first = await service.credentials(user);
    assert.equal(first.status, 200);
    assert.equal(first.headers["cache-control"], "no-store");
    const [account] = service.accountsOf("jane@example.com");
    assert.deepEqual(first.json, {
      userId: user.id,
      email: "jane@example.com",
      threeDeyeUserId: account.id,
      password: account.password,
    });
    assert.equal(account.email, "jane@example.com");
    service.sim.clearCalls();
    const second = await service.credentials(user);
    assert.deepEqual(second.json, first.json);
    assert.equal(second.headers["cache-control"], "no-store");
    assert.deepEqual(service.upstream().all, []);
  });

  test("a password has 20 characters with an upper, a lower, a digit and a mark, and no two are alike", async () => {
    const users = await service.addUsers(Array.from({ length: 12 }, () => ({})));
    await service.backfill();
    const passwords = await Promise.all(users.map(async (user) => (await service.credentials(user)).json.password));
    for (const password of passwords) assert.match(password, /^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?=.*[-_.!])[A-Za-z0-9\-_.!]{20}$/);
    assert.equal(new Set(passwords).size, passwords.length);
  });

  test("404 for an unknown user, and for one without an e-mail", async () => {
    assertError(await service.credentials("nobody"), 404, "User not found");
    for (const email of [null, "", " \n"]) {
      const user = await service.addUser({ email, phone: "+43123" });
      assertError(await service.credentials(user), 404, "The user has no e-mail");
    }
    assert.deepEqual(service.upstream().all, []);
  });

  test("409 when the e-mail belongs to an account outside our customer, and then without asking again", async () => {
    const user = await service.addUser({ email: "jane@example.com" });
    service.sim.seed([{ email: "JANE@example.com", customerId: "another" }]);
    assertError(await service.credentials(user), 409, "the e-mail belongs to an account outside our customer");
    assert.equal((await service.diagnose(user)).json.mapping.state, "quarantined");
    service.sim.clearCalls();
    const again = await service.credentials(user);
    assertError(again, 409, "the e-mail belongs to an account outside our customer");
    assert.equal(again.headers["retry-after"], undefined);
    assert.deepEqual(service.upstream().all, []);
    assert.equal(service.accountsOf("jane@example.com")[0].customerId, "another", "and it was left alone");
  });

  test("409 for a second user with the same e-mail after normalisation", async () => {
    const [first, second] = await service.addUsers([{ email: "jane@example.com" }, { email: "  JANE@example.COM\t" }]);
    assert.equal((await service.credentials(first)).status, 200);
    assertError(await service.credentials(second), 409, "another user holds the same e-mail");
    assert.equal(service.accountsOf("jane@example.com").length, 1);
  });

  test("502 when 3dEye fails, in our words", async () => {
    const user = await service.addUser();
    service.sim.fault({
      match: { method: "GET", path: "/users" },
      times: "always",
      action: { status: 503, body: { message: "upstream-text" } },
    });
    const answer = await service.credentials(user);
    assertError(answer, 502, "3dEye is unavailable");
    service.sim.clearFaults();
    await service.assertProvisioned(user);
  });

  test("502 with Retry-After when 3dEye limits our rate", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: { path: "/users" }, times: "always", action: { rateLimit: { retryAfter: 77 } } });
    const answer = await service.credentials(user);
    assertError(answer, 502, "3dEye limits our rate");
    assert.equal(answer.headers["retry-after"], "77");
  });

  test("an account that waits for its roles is answered all the same", async () => {
    const user = await service.addUser();
    service.sim.configure({ roles: ["r1"] });
    await service.sql("INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?, '[\"r1\"]', 1)", user.id);
    service.sim.fault({ match: { path: "/roles" }, times: "always", action: { status: 400 } });
    assert.equal((await service.credentials(user)).status, 200);
    assert.equal((await service.diagnose(user)).json.mapping.state, "attaching");
    assert.equal((await service.credentials(user)).status, 200);
  });
});

describe("at the same time", () => {
  test("many first calls for one user make one account, and all get its password", async () => {
    const user = await service.addUser();
    service.sim.configure({ latencyMs: 40 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => service.credentials(user)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    );
    assert.equal(new Set(answers.map(({ json }) => json.password)).size, 1);
    assert.equal(service.upstream().creates.length, 1);
    await service.assertProvisioned(user);
  });

  test("a first call and a backfill make one account", async () => {
    const user = await service.addUser();
    service.sim.configure({ latencyMs: 40 });
    const [answer, run] = await Promise.all([service.credentials(user), service.backfill()]);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(run.status, 200, run.text);
    assert.equal(service.upstream().creates.length, 1);
    await service.assertProvisioned(user);
  });

  test("409 with Retry-After while another actor's lease lasts, and not for longer", async () => {
    const user = await service.addUser();
    /** @param {number | null} until */
    const lease = async (until) =>
      service.sql(
        `INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at) VALUES (?1, 'idle', 'lease_other', ?2, 1, 1)
       ON CONFLICT (user_id) DO UPDATE SET lease_until = ?2`,
        user.id,
        until,
      );
    await lease(Date.now() + 40_000);
    const answer = await service.credentials(user);
    assertError(answer, 409, "Another provisioning of this user is under way");
    assert.ok(
      Number(answer.headers["retry-after"]) >= 1 && Number(answer.headers["retry-after"]) <= 60,
      answer.headers["retry-after"],
    );
    assert.deepEqual(service.upstream().all, []);
    await lease(Date.now() - 1);
    await service.assertProvisioned(user);
  });

  test("a lease lasts 60 s at most, so a crashed holder blocks nobody for longer", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: { method: "GET", path: "/users" }, action: { delayMs: 200 } });
    const answer = service.credentials(user);
    const lease = async () =>
      (await service.sql("SELECT lease_until FROM threedeye_users WHERE user_id = ?", user.id))[0]?.lease_until ?? 0;
    await until(async () => (await lease()) > 0, "a lease is taken");
    assert.ok((await lease()) <= Date.now() + 60_000);
    assert.equal((await answer).status, 200);
    assert.equal(await lease(), 0, "and given back");
  });
});

describe("at rest", () => {
  test("passwords are sealed, and sealed to their user", async () => {
    const [jane, john] = await service.addUsers([{}, {}]);
    const secret = (await service.credentials(jane)).json.password;
    await service.credentials(john);
    const rows = JSON.stringify(
      await Promise.all(
        ["threedeye_users", "threedeye_recovery", "audit_log"].map((table) => service.sql(`SELECT * FROM ${table}`)),
      ),
    );
    assert.ok(!rows.includes(secret));
    assert.ok(!rows.includes(Buffer.from(secret).toString("base64").replace(/=+$/, "")));
    await service.sql(
      "UPDATE threedeye_users SET password_sealed = (SELECT password_sealed FROM threedeye_users WHERE user_id = ?1) WHERE user_id = ?2",
      jane.id,
      john.id,
    );
    assertError(await service.credentials(john), 500);
  });

  test("every change leaves an audit row: who, what, outcome, request", async () => {
    const user = await service.addUser();
    const answer = await service.credentials(user);
    assert.deepEqual(await service.audit(), [
      {
        actor: `user:${user.id}`,
        action: "threedeye.provision",
        subject: user.id,
        outcome: "created",
        request_id: answer.headers["x-request-id"],
      },
    ]);
  });
});
