/**
 * Signing in to the console at the simulated provider, as a browser does it: what a sign-in leaves, every way in which one is
 * refused, what other sites can do, and how sessions end. The rules one by one are tested natively, in src/operators.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { send } from "./support/http.mjs";
import { signInAt } from "./support/openid.mjs";
import {
  addOperators,
  answerWithJunk,
  consoleSettings,
  emailOf,
  recentPair,
  SESSION_COOKIE,
  sessionOf,
} from "./support/operators.mjs";
import { serviceForThisFile, servicesForThisFile } from "./support/service.mjs";

const CLIENT = { clientId: "console-of-sign-in", clientSecret: "client-secret-of-sign-in" };
const settings = consoleSettings(CLIENT);
const service = await serviceForThisFile({ ...settings, instrumented: true });
const { strict, unconfigured, braked } = await servicesForThisFile(
  {
    strict: { ...settings, vars: { ...settings.vars, CONSOLE_REQUIRE_MFA: "true" } },
    unconfigured: {},
    braked: { ...settings, rateLimits: { AUTH_RATE_LIMITER: 3 } },
  },
  settings.simulator,
);

/** @typedef {import("./support/http.mjs").Answer} Answer */
/** @typedef {{location: string, cookie: string}} Begun */

/** Sends a browser to the provider. @param {string} [query] @param {Record<string, string>} [headers] @returns {Promise<Begun>} */
async function begin(query = "", headers = {}, from = service) {
  const answer = await from.call("GET", `/console/auth/login${query}`, { headers });
  assert.equal(answer.status, 302, answer.text);
  const [cookie, ...more] = answer.headers["set-cookie"] ?? [];
  assert.deepEqual(more, []);
  assert.match(cookie, /^__Host-spkey_login=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/);
  from.keepsConfidential(cookie.split(/[=;]/)[1]);
  return { location: String(answer.headers.location), cookie: cookie.split(";")[0] };
}

/** The provider sends the browser back. @param {string} location @param {string} cookie */
function comeBack(location, cookie, from = service) {
  const { pathname, search, searchParams } = new URL(location);
  const code = searchParams.get("code");
  if (code) from.keepsConfidential(code);
  return from.call("GET", pathname + search, { headers: { cookie, "sec-fetch-site": "cross-site" } });
}

/** Signs a person in. @param {import("./support/openid.mjs").Person} [person] @param {string} [query] */
async function signIn(person, query, from = service) {
  const { location, cookie } = await begin(query, {}, from);
  return comeBack(await signInAt(location, person), cookie, from);
}

/** A page that says what to do, without a cookie. @param {Answer} answer @param {number} [status] */
function assertRefused(answer, status = 400) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["set-cookie"], undefined);
  assert.match(String(answer.headers["content-type"]), /^text\/html/);
  assert.match(answer.text, /<a href="\/console\/">/);
  assert.doesNotMatch(answer.text, /<script|<style|style=/);
}

const countSessions = async () => (await service.sql("SELECT count(*) AS n FROM console_sessions"))[0].n;
/** @param {Record<string, string>} session */
const ownSession = (session) => service.call("GET", "/console/session", { headers: session });

describe("signing in", () => {
  test("leaves a cookie that no script can read, a row with its hash, and a line in the trail", async () => {
    await addOperators(service);
    const answer = await signIn({}, "?return=%23%2Fusers%2Fada");
    assert.equal(answer.status, 303, answer.text);
    assert.equal(answer.headers.location, "/console/#/users/ada");
    assert.equal(answer.headers["cache-control"], "no-store");
    const [session, login, ...more] = answer.headers["set-cookie"] ?? [];
    assert.deepEqual(more, []);
    assert.match(session, /^__Host-spkey_console=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    assert.match(login, /^__Host-spkey_login=; .*Max-Age=0$/);
    const token = session.split(/[=;]/)[1];
    service.keepsConfidential(token);
    const rows = await service.sql("SELECT * FROM console_sessions");
    assert.equal(rows.length, 1);
    assert.ok(!JSON.stringify(rows).includes(token));
    const begun = (await service.audit()).filter(({ action }) => action === "session.begin");
    assert.equal(begun.length, 1);
    assert.match(begun[0].actor, /^operator:op_\w{26} s\*\*\*@smartphonekey\.com$/);
    const own = await ownSession({ cookie: `${SESSION_COOKIE}=${token}`, "sec-fetch-site": "same-origin" });
    assert.equal(own.status, 200, own.text);
    assert.deepEqual([own.json.operator.email, own.json.operator.role], [emailOf("support"), "support"]);
    assert.equal(Date.parse(own.json.endsAt) - rows[0].created_at, 8 * 3_600_000);
  });

  test("a provider that takes the client's secret in a header only is shown it there", async () => {
    await addOperators(service);
    service.sim.configure({ openid: { authMethods: ["client_secret_basic"] } });
    await service.instruments({ aheadMs: 10 * 60_000 });
    try {
      assert.equal((await signIn()).status, 303);
    } finally {
      service.sim.configure({ openid: { authMethods: ["client_secret_post", "client_secret_basic"] } });
      await service.instruments({ aheadMs: 0 });
    }
  });

  test("a step-up replaces the session, and takes the same person", async () => {
    await addOperators(service);
    const old = await sessionOf(service, emailOf("admin"), 20);
    const asked = await service.call("POST", "/admin/api-keys", { headers: old, json: { scopes: ["metrics:read"] } });
    assert.ok([400, 401].includes(asked.status), asked.text);
    const removal = await service.call("DELETE", "/admin/api-keys/key_x", { headers: old });
    assert.equal(removal.status, 401);
    assert.equal(removal.headers["www-authenticate"], 'Bearer error="insufficient_user_authentication", max_age="900"');
    const other = await begin("?maxAge=900", old);
    assertRefused(await comeBack(await signInAt(other.location, { email: emailOf("support") }), other.cookie), 403);
    const same = await begin("?maxAge=900", old);
    const answer = await comeBack(await signInAt(same.location, { email: emailOf("admin"), minutes: 20 }), same.cookie);
    assert.equal(answer.status, 303, answer.text);
    const cookie = String(answer.headers["set-cookie"]?.[0].split(";")[0]);
    service.keepsConfidential(cookie.split("=")[1]);
    const fresh = { cookie, "sec-fetch-site": "same-origin" };
    assert.equal((await ownSession(old)).status, 401);
    assert.equal((await service.call("DELETE", "/admin/api-keys/key_x", { headers: fresh })).status, 204);
    assert.equal(await countSessions(), 1);
  });
});

describe("what is refused, each without a cookie", () => {
  test("a callback with another's state, a made-up one, or none", async () => {
    await addOperators(service);
    const mine = await begin();
    const theirs = await begin();
    const back = await signInAt(theirs.location);
    assertRefused(await comeBack(back, mine.cookie));
    assertRefused(await comeBack(back, ""));
    assertRefused(await comeBack(back.replace(/state=[^&]+/, "state=made-up"), theirs.cookie));
    assertRefused(await comeBack(back.replace(/state=[^&]+/, ""), theirs.cookie));
    assert.equal((await comeBack(back, theirs.cookie)).status, 303, "the provider's code is still good");
  });

  test("a callback that was used", async () => {
    await addOperators(service);
    const { location, cookie } = await begin();
    const back = await signInAt(location);
    assert.equal((await comeBack(back, cookie)).status, 303);
    assertRefused(await comeBack(back, cookie));
    // A browser has let go of the sign-in by then.
    assertRefused(await comeBack(await signInAt(location), ""));
    assert.equal(await countSessions(), 1);
  });

  test("a callback after ten minutes", async () => {
    await addOperators(service);
    const { location, cookie } = await begin();
    const back = await signInAt(location);
    await service.instruments({ aheadMs: 10 * 60_000 });
    try {
      assertRefused(await comeBack(back, cookie));
    } finally {
      await service.instruments({ aheadMs: 0 });
    }
  });

  test("an ID token that is not the one that was asked for", async () => {
    await addOperators(service);
    const seconds = Math.floor(Date.now() / 1000);
    for (const [what, idToken] of /** @type {[string, object][]} */ ([
      ["a wrong nonce", { claims: { nonce: "other" } }],
      ["no nonce", { claims: { nonce: null } }],
      ["auth_time too old", { claims: { auth_time: seconds - 28_900 } }],
      ["no auth_time", { claims: { auth_time: null } }],
      ["an e-mail that is not verified", { claims: { email_verified: false } }],
      ["email_verified not said", { claims: { email_verified: null } }],
      ["our API's audience", { claims: { aud: service.sim.config().audience } }],
      ["another audience", { claims: { aud: "other" } }],
      ["another issuer", { claims: { iss: "https://evil.example/" } }],
      ["a foreign key", { key: "impostor" }],
      ["no signature", { alg: "none" }],
      ["an expiry that is past", { expiresInSeconds: -120 }],
    ])) {
      service.sim.configure({ openid: { idToken } });
      const answer = await signIn();
      assert.equal(answer.status, 400, what);
      assertRefused(answer);
    }
    assert.equal(await countSessions(), 0);
  });

  test("a sign-in at the provider that is older than was asked for", async () => {
    await addOperators(service);
    service.sim.configure({ openid: { honoursMaxAge: false } });
    assertRefused(await signIn({ minutes: 20 }, "?maxAge=900"));
    assert.equal((await signIn({ minutes: 10 }, "?maxAge=900")).status, 303);
  });

  test("a sign-in that was cancelled", async () => {
    const answer = await signIn({ cancels: true });
    assertRefused(answer);
    assert.match(answer.text, /cancelled/);
  });

  test("a place to return to that is not in the console", async () => {
    for (const place of ["https://evil.example", "//evil.example/", "/users", "#evil", "#/a\r\nset-cookie: x=y"]) {
      assertRefused(await service.call("GET", `/console/auth/login?return=${encodeURIComponent(place)}`));
    }
  });

  test("without a second factor, where one is required", async () => {
    await addOperators(strict);
    assertRefused(await signIn({}, "", strict), 403);
    assert.equal((await signIn({ mfa: true }, "", strict)).status, 303);
  });

  for (const email of [emailOf("stranger"), "visitor@elsewhere.example"]) {
    test(`${email}, who is sent to a page that says so, and told to the trail`, async () => {
      await addOperators(service);
      const answer = await signIn({ email });
      assert.equal(answer.status, 303, answer.text);
      assert.equal(answer.headers.location, "/console/#/no-access");
      assert.equal(answer.headers["set-cookie"], undefined);
      const refused = (await service.audit()).filter(({ action }) => action === "session.refuse");
      assert.equal(refused.length, 1);
      assert.equal(refused[0].subject, email.replace(/^(.)[^@]*/, "$1***"));
      assert.equal(await countSessions(), 0);
    });
  }

  test("everyone, while the provider does not do its part", async () => {
    await addOperators(service);
    const { location, cookie } = await begin();
    for (const action of [{ status: 500 }, { hang: true }, { huge: 1_000_000 }, { reset: "before" }, { html: true }]) {
      const back = await signInAt(location);
      service.sim.fault({ match: { method: "POST", path: "/token" }, action });
      const answer = await comeBack(back, cookie);
      assertRefused(answer, 503);
      assert.ok(Number(answer.headers["retry-after"]) >= 1);
    }
    assert.equal((await comeBack(await signInAt(location), cookie)).status, 303);
  });

  test("everyone, where the discovery document cannot be trusted", async () => {
    const origin = service.issuer.slice(0, -1);
    let aheadMs = 0;
    try {
      for (const discovery of [
        { issuer: "https://evil.example/" },
        { issuer: origin },
        { token_endpoint: "http://192.0.2.1/token" },
        { authorization_endpoint: "http://id.example/authorize" },
      ]) {
        // What is known of the provider is used for a day, if nothing better can be had.
        aheadMs += 2 * 86_400_000;
        await service.instruments({ aheadMs });
        service.sim.configure({ openid: { discovery } });
        assertRefused(await service.call("GET", "/console/auth/login"), 503);
      }
    } finally {
      await service.instruments({ aheadMs: 0 });
    }
  });

  test("everyone, without the settings, which are named", async () => {
    for (const path of ["/console/auth/login", "/console/auth/callback?code=c&state=s", "/console/session"]) {
      const answer = await unconfigured.call("GET", path);
      assert.equal(answer.status, 503);
      assert.match(answer.text, /Sign-in is not configured/);
      assert.match(answer.text, /CONSOLE_CLIENT_ID/);
    }
    assert.equal((await unconfigured.admin("GET", "/admin/operators")).status, 200);
  });

  test("codes that no provider gave, which are braked by address", async () => {
    // A program with a revoked key behind the same address, and a page that sends browsers to the callback.
    const elsewhere = [];
    for (let count = 0; count < 8; count += 1) {
      elsewhere.push((await braked.call("GET", "/admin/users", { headers: { "x-admin-api-key": "revoked" } })).status);
      assert.equal((await braked.call("GET", "/console/auth/callback?code=c&state=s")).status, 400);
    }
    assert.ok(elsewhere.includes(429), String(elsewhere));
    const session = { cookie: `${SESSION_COOKIE}=${"A".repeat(43)}`, "sec-fetch-site": "same-origin" };
    assert.equal((await braked.call("GET", "/console/session", { headers: session })).status, 401);
    const statuses = [];
    for (let count = 0; count < 8; count += 1) statuses.push((await answerWithJunk(braked)).status);
    assert.equal(statuses[0], 400);
    assert.ok(statuses.includes(429), String(statuses));
  });
});

describe("other sites", () => {
  test("can change nothing, and read nothing", async () => {
    await addOperators(service);
    const user = await service.addUser();
    await service.assertProvisioned(user);
    const { cookie } = await sessionOf(service, emailOf("support"));
    const path = `/admin/threedeye/users/${user.id}/reset`;
    const before = await service.audit();
    for (const headers of [
      { "sec-fetch-site": "cross-site", origin: "http://localhost:9" },
      { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:9" },
      { "sec-fetch-site": "none" },
      { origin: "http://127.0.0.1:9" },
      { origin: "null" },
      {},
    ]) {
      const form = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await service.call("POST", path, { headers: { cookie, ...headers, ...form }, body: "deleteRemote=true" });
      assert.equal(answer.status, 403, JSON.stringify(headers));
    }
    for (const site of ["cross-site", "same-site"]) {
      const headers = { cookie, "sec-fetch-site": site };
      assert.equal((await service.call("GET", "/admin/threedeye/backfill/runs", { headers })).status, 403);
      assert.equal((await service.call("GET", "/console/session", { headers })).status, 403);
    }
    assert.deepEqual(await service.audit(), before);
    assert.equal(service.accountsOf(user.email).length, 1);
    assert.equal((await service.reset(user)).status, 200, "the pair works as ever");
  });

  test("a cookie opens the console's routes only", async () => {
    await addOperators(service);
    const user = await service.addUser();
    const session = await sessionOf(service, emailOf("admin"));
    for (const path of [`/users/${user.id}/3deye-credentials`, "/api/users/@me"])
      assert.equal((await service.call("GET", path, { headers: session })).status, 401, path);
  });
});

describe("signing out", () => {
  test("ends the session, and clears what the browser keeps", async () => {
    await addOperators(service);
    const session = await sessionOf(service, emailOf("support"));
    const { status, headers } = await service.call("POST", "/console/session/end", { headers: session });
    assert.equal(status, 204);
    assert.equal(headers["clear-site-data"], '"cache","storage"');
    assert.match(String(headers["set-cookie"]), /^__Host-spkey_console=; .*Max-Age=0$/);
    assert.equal((await ownSession(session)).status, 401);
    assert.equal(await countSessions(), 0);
  });

  test("everywhere ends the others as well", async () => {
    await addOperators(service);
    const one = await sessionOf(service, emailOf("support"));
    const other = await sessionOf(service, emailOf("support"));
    const foreign = await sessionOf(service, emailOf("viewer"));
    const { json } = await service.call("GET", "/console/sessions", { headers: one });
    assert.deepEqual(json.sessions.map((/** @type {any} */ { current }) => current).sort(), [false, true]);
    assert.equal((await service.call("POST", "/console/sessions/end", { headers: one })).status, 204);
    const statuses = await Promise.all([one, other, foreign].map(async (session) => (await ownSession(session)).status));
    assert.deepEqual(statuses, [401, 401, 200]);
  });

  test("an operator who is disabled is out at the next call", async () => {
    await addOperators(service);
    const session = await sessionOf(service, emailOf("support"));
    const [{ id }] = await service.sql("SELECT id FROM operators WHERE role = 'support'");
    assert.equal((await service.call("DELETE", `/admin/operators/${id}`, { headers: recentPair(service) })).status, 204);
    assert.equal((await service.call("GET", "/admin/threedeye/backfill/runs", { headers: session })).status, 401);
    assert.equal((await signIn()).headers.location, "/console/#/no-access");
  });

  test("the cron trigger deletes what has ended", async () => {
    await addOperators(service);
    await sessionOf(service, emailOf("support"));
    await service.scheduled();
    assert.equal(await countSessions(), 1);
    await service.sql("UPDATE console_sessions SET ends_at = 1");
    await service.scheduled();
    assert.equal(await countSessions(), 0);
  });
});

test("the provider is met at another site than the service", async () => {
  const { location } = await begin();
  const provider = new URL(location);
  assert.equal(provider.hostname, "localhost");
  assert.equal(new URL(service.url).hostname, "127.0.0.1");
  assert.equal((await send(location.split("?")[0], "GET", "/authorize")).status, 400, "it listens there");
});
