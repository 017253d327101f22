/** Conformance of the local simulator: the OpenID provider, the right answers and those that a client has to refuse. */

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { describe, test } from "node:test";

import { signInAt } from "./support/openid.mjs";
import { holdClock, JWKS, simulatorForThisFile } from "./support/simulator.mjs";

const { sim, control } = await simulatorForThisFile();

const VERIFIER = "verifier-0123456789-0123456789-0123456789-0123456789";
const CALLBACK = "http://127.0.0.1:8787/console/auth/callback";
const REQUEST = {
  client_id: "spkey-console",
  redirect_uri: CALLBACK,
  response_type: "code",
  scope: "openid email",
  state: "state-1",
  nonce: "nonce-1",
  code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
  code_challenge_method: "S256",
  max_age: "28800",
};
const CLIENT = { client_id: "spkey-console", client_secret: "sim-console-secret" };

const discovery = async () => /** @type {any} */ (await (await fetch(`${sim.url}/.well-known/openid-configuration`)).json());

/** @param {Record<string, string | undefined>} [changes] undefined leaves a parameter out */
function authorizationUrl(changes = {}) {
  const given = Object.entries({ ...REQUEST, ...changes }).filter(([, value]) => value !== undefined);
  return `${sim.url}/authorize?${new URLSearchParams(/** @type {[string, string][]} */ (given))}`;
}

/** @param {import("./support/openid.mjs").Person} [person] @param {Record<string, string | undefined>} [changes] */
const signIn = async (person, changes) => new URL(await signInAt(authorizationUrl(changes), person)).searchParams;

/** @param {Record<string, string | undefined>} changes @param {Record<string, string>} [headers] */
async function redeem(changes, headers) {
  const usual = { grant_type: "authorization_code", redirect_uri: CALLBACK, code_verifier: VERIFIER, ...CLIENT, ...changes };
  const given = Object.entries(usual).filter(([, value]) => value !== undefined);
  const body = new URLSearchParams(/** @type {[string, string][]} */ (given));
  const response = await fetch(`${sim.url}/token`, { method: "POST", body, headers });
  return { status: response.status, headers: response.headers, json: /** @type {any} */ (await response.json()) };
}

/** The ID token's claims, once its signature is checked against the published keys. @param {string} token */
async function claimsOf(token) {
  const [header, payload, signature] = token.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
  const { keys } = /** @type {any} */ (await (await fetch(sim.url + JWKS)).json());
  const key = createPublicKey({ key: keys.find((/** @type {any} */ each) => each.kid === kid), format: "jwk" });
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

/** @param {import("./support/openid.mjs").Person} [person] @param {Record<string, string | undefined>} [changes] */
async function idTokenOf(person, changes) {
  const code = /** @type {string} */ ((await signIn(person, changes)).get("code"));
  const { status, json } = await redeem({ code });
  assert.equal(status, 200, JSON.stringify(json));
  return claimsOf(json.id_token);
}

describe("discovery", () => {
  test("announces the endpoints, the one for browsers on another site, and no secret", async () => {
    const document = await discovery();
    assert.equal(document.issuer, `${sim.url}/`);
    assert.equal(document.authorization_endpoint, `http://localhost:${sim.port}/authorize`);
    assert.equal(document.token_endpoint, `${sim.url}/token`);
    assert.equal(document.jwks_uri, sim.url + JWKS);
    assert.deepEqual(document.response_types_supported, ["code"]);
    assert.deepEqual(document.code_challenge_methods_supported, ["S256"]);
    assert.deepEqual(document.token_endpoint_auth_methods_supported, ["client_secret_post", "client_secret_basic"]);
    assert.ok(!JSON.stringify(document).includes("secret-"));
    assert.equal((await fetch(document.authorization_endpoint)).status, 400, "localhost reaches it");
  });

  test("can tell of another issuer and other endpoints", async () => {
    sim.control.configure({
      openid: { discovery: { issuer: "https://other.example/", token_endpoint: "http://other.example/t" } },
    });
    const document = await discovery();
    assert.equal(document.issuer, "https://other.example/");
    assert.equal(document.token_endpoint, "http://other.example/t");
    assert.equal(document.jwks_uri, sim.url + JWKS);
  });

  test("faults strike it and the token endpoint, but not when they name no path", async () => {
    sim.control.fault({ times: "always", action: { status: 500 } });
    assert.equal((await fetch(`${sim.url}/.well-known/openid-configuration`)).status, 200);
    sim.control.fault({ match: { path: "/.well-known/openid-configuration" }, action: { status: 503 } });
    assert.equal((await fetch(`${sim.url}/.well-known/openid-configuration`)).status, 503);
    const code = /** @type {string} */ ((await signIn()).get("code"));
    sim.control.fault({ match: { path: "/token", method: "POST" }, action: { status: 502 } });
    assert.equal((await redeem({ code })).status, 502);
    assert.equal((await redeem({ code })).status, 200, "the fault came before the code was used");
  });
});

describe("the page", () => {
  test("has a button a person and works without script", async () => {
    const text = await (await fetch(authorizationUrl())).text();
    for (const name of ["viewer", "support", "admin", "stranger"]) assert.ok(text.includes(`>${name}@smartphonekey.com<`), name);
    assert.ok(text.includes("visitor@elsewhere.example"));
    assert.ok(text.includes("minutes ago"));
    assert.ok(!/<script|onclick/i.test(text));
  });

  test("puts nothing of the request into its markup", async () => {
    const text = await (await fetch(authorizationUrl({ state: `"><script>alert(1)</script>` }))).text();
    assert.ok(!text.includes("<script"), text);
  });

  test("shows what must not be sent to an address that is not the client's", async () => {
    for (const changes of [
      { client_id: "other" },
      { client_id: undefined },
      { redirect_uri: "https://evil.example/console/auth/callback" },
      { redirect_uri: "http://127.0.0.1:8787/elsewhere" },
      { redirect_uri: `${CALLBACK}?more` },
      { redirect_uri: "console/auth/callback" },
      { redirect_uri: undefined },
    ]) {
      const answer = await fetch(authorizationUrl(changes), { redirect: "manual" });
      assert.equal(answer.status, 400, JSON.stringify(changes));
      assert.equal(answer.headers.get("location"), null);
    }
  });

  test("sends other errors back to the client, with its state", async () => {
    for (const [changes, error] of /** @type {[Record<string, string | undefined>, string][]} */ ([
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ scope: "email" }, "invalid_scope"],
      [{ nonce: undefined }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge: "short" }, "invalid_request"],
      [{ code_challenge: undefined }, "invalid_request"],
      [{ max_age: "soon" }, "invalid_request"],
      [{ prompt: "none" }, "login_required"],
    ])) {
      const answer = await fetch(authorizationUrl(changes), { redirect: "manual" });
      assert.equal(answer.status, 302, JSON.stringify(changes));
      const { searchParams } = new URL(/** @type {string} */ (answer.headers.get("location")));
      assert.deepEqual(Object.fromEntries(searchParams), { error, state: "state-1" });
    }
    assert.equal((await signIn({ cancels: true })).get("error"), "access_denied");
  });

  test("signs in only those it knows", async () => {
    const url = authorizationUrl();
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ email: "eve@smartphonekey.com" }) });
    assert.equal(answer.status, 400);
  });
});

describe("the token endpoint", () => {
  test("answers an ID token of the person who signed in", async () => {
    const claims = await idTokenOf({ email: "admin@smartphonekey.com" });
    assert.deepEqual(
      [claims.iss, claims.aud, claims.sub, claims.email, claims.email_verified, claims.nonce],
      [`${sim.url}/`, "spkey-console", "sim|admin", "admin@smartphonekey.com", true, "nonce-1"],
    );
    assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 5);
    assert.deepEqual(claims.amr, ["pwd"]);
    assert.deepEqual((await idTokenOf({ mfa: true })).amr, ["pwd", "mfa"]);
  });

  test("a sign-in older than max_age is made anew, unless the provider is at fault", async () => {
    const age = (/** @type {any} */ claims) => Math.round(Date.now() / 1000 - claims.auth_time);
    assert.ok(Math.abs(age(await idTokenOf({ minutes: 14 }, { max_age: "900" })) - 14 * 60) < 5);
    assert.ok(age(await idTokenOf({ minutes: 16 }, { max_age: "900" })) < 5);
    assert.ok(age(await idTokenOf({ minutes: 5 }, { prompt: "login" })) < 5);
    sim.control.configure({ openid: { honoursMaxAge: false } });
    assert.ok(age(await idTokenOf({ minutes: 16 }, { max_age: "900" })) >= 16 * 60);
  });

  test("a code is good once, for a minute, for its client, address and verifier", async (t) => {
    const fresh = async () => /** @type {string} */ ((await signIn()).get("code"));
    const code = await fresh();
    assert.equal((await redeem({ code })).status, 200);
    for (const [changes, error, status = 400] of /** @type {[Record<string, string | undefined>, string, number?][]} */ ([
      [{ code }, "invalid_grant"],
      [{ code: "made-up" }, "invalid_grant"],
      [{ code: undefined }, "invalid_grant"],
      [{ code: await fresh(), code_verifier: `${VERIFIER}x` }, "invalid_grant"],
      [{ code: await fresh(), code_verifier: undefined }, "invalid_grant"],
      [{ code: await fresh(), redirect_uri: "http://127.0.0.1:9/console/auth/callback" }, "invalid_grant"],
      [{ code: await fresh(), grant_type: "refresh_token" }, "unsupported_grant_type"],
      [{ code: await fresh(), client_secret: "wrong" }, "invalid_client", 401],
      [{ code: await fresh(), client_secret: undefined }, "invalid_client", 401],
    ])) {
      const answer = await redeem(changes);
      assert.deepEqual([answer.status, answer.json], [status, { error }], JSON.stringify(changes));
    }
    const spoilt = await fresh();
    assert.equal((await redeem({ code: spoilt, code_verifier: "wrong" })).status, 400);
    assert.equal((await redeem({ code: spoilt })).status, 400, "a wrong verifier uses the code up");
    const pass = holdClock(t);
    const slow = await fresh();
    pass(60_000);
    assert.equal((await redeem({ code: slow })).status, 400);
  });

  test("the client authenticates in the ways that are announced", async () => {
    const basic = { authorization: `Basic ${Buffer.from("spkey-console:sim-console-secret").toString("base64")}` };
    const code = async () => /** @type {string} */ ((await signIn()).get("code"));
    assert.equal((await redeem({ code: await code(), client_secret: undefined }, basic)).status, 200);
    assert.equal((await redeem({ code: await code() }, basic)).status, 401, "both ways at once");
    sim.control.configure({ openid: { authMethods: ["client_secret_basic"] } });
    assert.equal((await redeem({ code: await code() })).status, 401);
    assert.equal((await redeem({ code: await code(), client_secret: undefined }, basic)).status, 200);
    sim.control.configure({ openid: { authMethods: ["client_secret_post"] } });
    assert.equal((await redeem({ code: await code(), client_secret: undefined }, basic)).status, 401);
  });

  test("its tokens can be made wrong in every way, also over HTTP", async () => {
    const old = Math.floor(Date.now() / 1000) - 86_400;
    const claims = { nonce: "other", aud: "other", email_verified: false, auth_time: old };
    assert.equal((await control("PATCH", "/config", { openid: { idToken: { claims } } })).status, 200);
    const told = await idTokenOf();
    assert.deepEqual([told.nonce, told.aud, told.email_verified, told.auth_time], ["other", "other", false, old]);
    assert.equal(told.sub, "sim|support");
    sim.control.reset();
    assert.equal((await idTokenOf()).nonce, "nonce-1");
    assert.equal((await control("PATCH", "/config", { openid: { idToken: { claim: {} } } })).status, 400);
    assert.equal((await control("PATCH", "/config", { openid: { surprise: 1 } })).status, 400);
  });
});
