/** Conformance of the local simulator: API keys, logins and bearers of 3dEye, and the tokens and keys of the issuer. */

import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify } from "node:crypto";
import { describe, test } from "node:test";

import { bearer, holdClock, JWKS, LOGIN, newUser, PASSWORD, simulatorForThisFile } from "./support/simulator.mjs";

const { api, emailsOf, login, sim } = await simulatorForThisFile();

describe("authentication", () => {
  test("every API call needs the key, the token call too", async () => {
    for (const [method, path] of [
      ["GET", "/users?customerId=cust-1"],
      ["POST", "/auth/token"],
      ["DELETE", "/users/x"],
    ]) {
      assert.equal((await api(method, path, { headers: { "x-api-key": "wrong" } })).status, 401);
    }
    sim.control.configure({ apiKey: "other" });
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: { "x-api-key": "other" } })).status, 200);
  });

  test("the login gets a token that data calls accept", async () => {
    sim.control.configure({ requireBearer: true, tokenTtlSeconds: 90 });
    assert.equal((await api("GET", "/users?customerId=cust-1")).status, 401);
    const { status, json } = await login();
    assert.equal(status, 200);
    assert.equal(json.expiresIn, 90);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(json.accessToken) })).status, 200);
  });

  test("a bearer that is sent is judged even when none is required", async () => {
    const headers = bearer("made-up");
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers })).status, 401);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: { authorization: "Basic eDp5" } })).status, 401);
  });

  test("tokens expire", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ tokenTtlSeconds: 30 });
    const { accessToken } = (await login()).json;
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(accessToken) })).status, 200);
    pass(30_000);
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(accessToken) })).status, 401);
  });

  test("a user's own password is proved by a token that opens no data when the login is required", async () => {
    sim.control.configure({ visibilityDelayMs: { create: 60_000 }, requireBearer: true });
    const { accessToken } = (await login()).json;
    await api("POST", "/users", { body: newUser("Ada@Example.com"), headers: bearer(accessToken) });
    const own = await login({ username: "ADA@example.com", password: PASSWORD });
    assert.equal(own.status, 200, "also while lists don't show the user yet");
    assert.equal((await api("GET", "/users?customerId=cust-1", { headers: bearer(own.json.accessToken) })).status, 401);
  });

  test("a wrong password, an unknown account and missing fields are refused", async () => {
    sim.control.seed([{ email: "ada@example.com", password: "right" }]);
    assert.equal((await login({ username: "ada@example.com", password: "wrong" })).status, 401);
    assert.equal((await login({ username: "nobody@example.com", password: "x" })).status, 401);
    assert.equal((await login({ username: "ada@example.com" })).status, 400);
    sim.control.configure({ wrongPasswordStatus: 403 });
    assert.equal((await login({ username: "ada@example.com", password: "wrong" })).status, 403);
  });

  test("the login's account can be a user, and expiresIn can be left out", async () => {
    sim.control.reset({ config: { includeExpiresIn: false }, users: [{ email: LOGIN.username }] });
    assert.deepEqual(await emailsOf(), [LOGIN.username]);
    assert.deepEqual(Object.keys((await login()).json), ["accessToken"]);
  });
});

describe("the token issuer", () => {
  const jwks = async (from = sim) => /** @type {any} */ (await (await fetch(from.url + JWKS)).json()).keys;
  /** @param {string} token */
  const decode = (token) =>
    token
      .split(".")
      .slice(0, 2)
      .map((/** @type {string} */ part) => JSON.parse(Buffer.from(part, "base64url").toString()));

  /** @param {any} jwk @param {string} token */
  function isSignedBy(jwk, token) {
    const [header, payload, signature] = token.split(".");
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify(
      "sha256",
      Buffer.from(`${header}.${payload}`),
      { key, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
  }

  test("publishes an RSA and an EC key, nothing private", async () => {
    const [rsa, ec] = await jwks();
    assert.deepEqual(Object.keys(rsa).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    assert.deepEqual(Object.keys(ec).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert.deepEqual([rsa.alg, rsa.kty, rsa.use, ec.alg, ec.kty, ec.crv], ["RS256", "RSA", "sig", "ES256", "EC", "P-256"]);
    assert.equal(Buffer.from(rsa.n, "base64url").length, 256);
  });

  test("mints tokens that the published keys verify", async () => {
    for (const jwk of await jwks()) {
      const token = sim.control.mint({ alg: jwk.alg, claims: { sub: "u1", email: "a@smartphonekey.com" }, expiresInSeconds: 60 });
      const [header, payload] = decode(token);
      assert.deepEqual(header, { alg: jwk.alg, typ: "JWT", kid: jwk.kid });
      assert.deepEqual([payload.iss, payload.aud, payload.sub], [`${sim.url}/`, "spkey-edge", "u1"]);
      assert.ok(payload.exp - payload.iat === 60 && Math.abs(payload.iat - Date.now() / 1000) < 5);
      assert.ok(isSignedBy(jwk, token));
      if (jwk.alg === "ES256") assert.equal(Buffer.from(token.split(".")[2], "base64url").length, 64);
    }
  });

  test("claims and header win over the defaults", () => {
    sim.control.configure({ issuer: "https://tenant.example/", audience: "other" });
    const [header, payload] = decode(
      sim.control.mint({ claims: { aud: ["a", "b"], nbf: 1 }, header: { crit: ["x"], typ: "at+jwt" }, kid: "mine" }),
    );
    assert.deepEqual([payload.iss, payload.aud, payload.nbf], ["https://tenant.example/", ["a", "b"], 1]);
    assert.deepEqual([header.kid, header.crit, header.typ], ["mine", ["x"], "at+jwt"]);
    assert.deepEqual(decode(sim.control.mint({ defaults: false, claims: { a: 1 } }))[1], { a: 1 });
    assert.ok(!("kid" in decode(sim.control.mint({ kid: null }))[0]));
    const [, expired] = decode(sim.control.mint({ expiresInSeconds: -120 }));
    assert.ok(expired.exp < expired.iat);
  });

  test("makes the tokens a verifier has to refuse", async () => {
    for (const jwk of await jwks()) {
      const unknown = sim.control.mint({ alg: jwk.alg, key: "unknown" });
      assert.ok(!(await jwks()).some((/** @type {{kid: string}} */ known) => known.kid === decode(unknown)[0].kid));
      const impostor = sim.control.mint({ alg: jwk.alg, key: "impostor" });
      assert.equal(decode(impostor)[0].kid, jwk.kid);
      assert.ok(!isSignedBy(jwk, impostor) && !isSignedBy(jwk, unknown));
    }
    const none = sim.control.mint({ alg: "none" });
    assert.equal(decode(none)[0].alg, "none");
    assert.ok(none.endsWith("."));
    const [rsa] = await jwks();
    const [header, payload, signature] = sim.control.mint({ alg: "HS256" }).split(".");
    const pem = createPublicKey({ key: rsa, format: "jwk" }).export({ type: "spki", format: "pem" });
    assert.equal(createHmac("sha256", pem).update(`${header}.${payload}`).digest("base64url"), signature);
  });

  test("rotates its keys", async () => {
    const earlier = await jwks();
    const token = sim.control.mint();
    sim.control.rotateKeys();
    const now = await jwks();
    assert.ok(
      now.every((/** @type {{kid: string, n: string, x: string}} */ key) =>
        earlier.every(
          (/** @type {{kid: string, n: string, x: string}} */ old) =>
            old.kid !== key.kid && (old.n ?? old.x) !== (key.n ?? key.x),
        ),
      ),
    );
    assert.ok(isSignedBy(earlier[0], token) && !isSignedBy(now[0], token));
  });
});
