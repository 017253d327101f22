/** `npm run doctor`: what it finds at the identity provider, and of clocks. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, afterEach, describe, test } from "node:test";

import { checkClocks } from "../dev/doctor/clock.mjs";
import { checkIssuer, isSafeUrl } from "../dev/doctor/issuer.mjs";
import { startSimulator } from "../dev/simulator/server.mjs";
import { deploymentWith, expectFinding, varsOf } from "./support/doctor.mjs";
import { json, startFront } from "./support/provider-front.mjs";

const simulator = await startSimulator();
after(() => simulator.close());
const front = await startFront(simulator.url);
after(() => front.close());

const DISCOVERY = "/.well-known/openid-configuration";
const JWKS = "/.well-known/jwks.json";
const vars = varsOf(front.url);

/** The provider names the front as itself. */
const asItself = () => {
  simulator.control.reset({ config: { issuer: `${front.url}/`, openid: { discovery: { jwks_uri: `${front.url}${JWKS}` } } } });
  front.change = () => undefined;
};
asItself();
afterEach(asItself);

/** @param {Record<string, unknown>} [own] over the right settings */
const check = async (own = {}) => {
  const { deployment } = await deploymentWith({ ...vars, ...own });
  return checkIssuer(deployment);
};

/** @param {object} discovery members over the right ones */
const announce = (discovery) =>
  simulator.control.reset({
    config: { issuer: `${front.url}/`, openid: { discovery: { jwks_uri: `${front.url}${JWKS}`, ...discovery } } },
  });

test("a provider as the settings have it", async () => {
  const { findings, keys, confirmed } = await check();
  assert.deepEqual(
    findings.filter(({ result }) => result !== "ok"),
    [],
  );
  assert.deepEqual(
    keys?.usable.map(({ alg }) => alg),
    ["RS256", "ES256"],
  );
  assert.equal(confirmed, `${front.url}/`);
});

describe("the key set", () => {
  const command = `curl -sSi --max-time 10 ${front.url}${JWKS}`;
  const answered = (/** @type {Partial<import("./support/provider-front.mjs").Answer>} */ answer) => {
    front.change = (path) => (path === JWKS ? answer : undefined);
    return check();
  };

  test("is out of reach, moved, or none", async () => {
    const unreachable = await check({ JWT_JWKS_URL: "http://127.0.0.1:9/jwks" });
    expectFinding(unreachable.findings, "issuer.keys", { seen: /does not answer/, command: /^curl .*:9\/jwks$/ });
    expectFinding((await answered({ status: 302, headers: { location: "/x" } })).findings, "issuer.keys", {
      seen: /answers 302/,
      command,
    });
    expectFinding((await answered({ body: "<html>" })).findings, "issuer.keys", { seen: /no key set/, command });
    expectFinding((await answered({ body: '{"keys": {}}' })).findings, "issuer.keys", { seen: /no key set/, command });
    const large = JSON.stringify({ keys: [], padding: "x".repeat(65_536) });
    expectFinding((await answered({ body: large })).findings, "issuer.keys", { seen: /more than 64 KiB/, command });
  });

  test("has no address to ask", async () => {
    const { findings } = await check({ JWT_JWKS_URL: "ftp://x.example" });
    expectFinding(findings, "issuer.keys", { result: "unseen", command: /^npm run set -- JWT_JWKS_URL=https:/ });
  });

  test("has keys of which none is of use, and says why", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    const curve = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" });
    for (const [jwk, seen] of /** @type {[object, RegExp][]} */ ([
      [{ ...rsa }, /without a usable kid/],
      [{ ...rsa, kid: "k".repeat(257) }, /without a usable kid/],
      [{ ...rsa, kid: "k1", alg: "RS512" }, /k1 is for RS512/],
      [{ ...rsa, kid: "k1", use: "enc" }, /k1 is not for signatures/],
      [{ ...rsa, kid: "k1", key_ops: ["encrypt"] }, /k1 is not for verifying/],
      [{ ...rsa, kid: "k1", n: 7 }, /k1 is malformed/],
      [{ ...rsa, kid: "k1", e: "AQ" }, /k1 has an unsound exponent/],
      [{ kty: "EC", crv: "P-256", kid: "k1", x: "AA", y: "AA" }, /k1 is malformed/],
      [{ kty: "EC", crv: "P-256", kid: "k1", x: "A".repeat(43), y: "A".repeat(43) }, /k1 is malformed/],
      [{ ...short, kid: "k1" }, /k1 has fewer than 2048 bits/],
      [{ ...curve, kid: "k1" }, /type EC P-384/],
      [{ kty: "oct", kid: "k1", k: "AA" }, /type oct/],
    ])) {
      const { findings, keys } = await answered({ body: JSON.stringify({ keys: [jwk] }) });
      expectFinding(findings, "issuer.keys", { seen, command });
      assert.deepEqual(keys?.usable, []);
    }
  });
});

describe("the discovery document", () => {
  const command = `curl -sSi --max-time 10 ${front.url}${DISCOVERY}`;

  test("calls the provider otherwise, if only by a slash", async () => {
    const { findings } = await check({ JWT_ISSUER: front.url });
    expectFinding(findings, "issuer.discovery", {
      seen: /the last slash counts/,
      command: `npm run set -- JWT_ISSUER=${front.url}/`,
    });
    announce({ issuer: "https://another.example/" });
    const other = await check();
    expectFinding(other.findings, "issuer.discovery", { command: "npm run set -- JWT_ISSUER=https://another.example/" });
  });

  test("is quoted before it comes near a shell or a terminal", async () => {
    announce({ issuer: "https://x.example/'; touch /tmp/owned; '\u001b[2J" });
    const { findings } = await check();
    const own = findings.find(({ check }) => check === "issuer.discovery");
    assert.equal(
      own?.command?.replace(/ --config \S+/, ""),
      `npm run set -- 'JWT_ISSUER=https://x.example/'\\''; touch /tmp/owned; '\\''\ufffd[2J'`,
    );
    assert.ok(!own.seen.includes("\u001b"));
  });

  test("announces another key set", async () => {
    announce({ jwks_uri: `${front.url}/keys` });
    const expected = /** @type {const} */ ({ result: "warning", command: `npm run set -- JWT_JWKS_URL=${front.url}/keys` });
    expectFinding((await check()).findings, "issuer.key_set_address", expected);
    expectFinding((await check({ JWT_JWKS_URL: "" })).findings, "issuer.key_set_address", { ...expected, result: "problem" });
  });

  test("announces no key set, which is no reason to take ours out", async () => {
    for (const uri of [null, "", "http://x.example/keys"]) {
      announce({ jwks_uri: uri });
      expectFinding((await check()).findings, "issuer.key_set_address", {
        result: "warning",
        seen: /no usable jwks_uri/,
        command,
      });
    }
  });

  test("announces no algorithm that is accepted", async () => {
    announce({ id_token_signing_alg_values_supported: ["HS256", "RS512"] });
    expectFinding((await check()).findings, "issuer.algorithms", { seen: /HS256, RS512/, command });
    announce({ id_token_signing_alg_values_supported: null });
    expectFinding((await check()).findings, "issuer.algorithms", { result: "warning", command });
  });

  test("is missing, which only the console minds", async () => {
    front.change = (path) => (path === DISCOVERY ? { status: 404 } : undefined);
    expectFinding((await check()).findings, "issuer.discovery", { seen: /status 404; the console/, command });
    expectFinding((await check({ CONSOLE_CLIENT_ID: "" })).findings, "issuer.discovery", { result: "warning", command });
    front.change = (path) => (path === DISCOVERY ? { body: "[]" } : undefined);
    expectFinding((await check()).findings, "issuer.discovery", { seen: /no discovery document/, command });
  });

  test("has no address to be asked at", async () => {
    const { findings } = await check({ JWT_ISSUER: "http://x.example/" });
    expectFinding(findings, "issuer.discovery", { result: "unseen", command: /^npm run set -- JWT_ISSUER=/ });
  });

  test("lacks what the console's sign-in needs", async () => {
    announce({ token_endpoint: "http://x.example/token" });
    expectFinding((await check()).findings, "issuer.console", { seen: /usable token_endpoint/, command });
    announce({ token_endpoint_auth_methods_supported: ["private_key_jwt"] });
    expectFinding((await check()).findings, "issuer.console", { seen: /private_key_jwt/, command });
    assert.ok(!(await check({ CONSOLE_CLIENT_ID: "" })).findings.some(({ check }) => check === "issuer.console"));
  });
});

describe("clocks", () => {
  const command = "sudo timedatectl set-ntp true";

  test("are read off the provider's answers, those out of a cache too", async () => {
    const at = (/** @type {number} */ seconds, /** @type {object} */ more = {}) => {
      front.change = (_, { headers }) => ({
        headers: { ...headers, date: new Date(Date.now() + seconds * 1000).toUTCString(), ...more },
      });
      return check();
    };
    assert.ok(Math.abs(Number((await check()).skew)) < 5);
    assert.ok(Math.abs(Number((await at(90)).skew) - 90) < 5);
    assert.ok(Math.abs(Number((await at(-600, { age: "600" })).skew)) < 5);
    front.change = (_, { headers }) => ({ headers: { ...headers, date: "yesterday" } });
    assert.equal((await check()).skew, undefined);
  });

  test("agree, or the provider's or this machine's is wrong", () => {
    const other = "npm run doctor -- --url https://HOST";
    const clocks = (/** @type {Parameters<typeof checkClocks>[0]} */ skews) => checkClocks(skews, other);
    expectFinding(clocks({ issuer: 1, cloudflare: -1 }), "clock.skew", { result: "ok" });
    expectFinding(clocks({ issuer: 50, cloudflare: 1 }), "clock.skew", {
      seen: /provider's clock is 49 s ahead of/,
      command,
    });
    expectFinding(clocks({ issuer: -50, cloudflare: 1 }), "clock.skew", { seen: /51 s behind/, command });
    expectFinding(clocks({ issuer: 90, cloudflare: 89 }), "clock.skew", {
      result: "warning",
      seen: /ahead of this machine's/,
      command,
    });
    expectFinding(clocks({ issuer: 45 }), "clock.skew", { result: "warning", seen: /provider's clock is 45 s/, command });
    expectFinding(clocks({ cloudflare: -45 }), "clock.skew", {
      result: "warning",
      seen: /Cloudflare's clock is 45 s behind/,
      command,
    });
    expectFinding(clocks({}), "clock.skew", { result: "unseen", command: other });
  });
});

test("only safe addresses are asked", () => {
  for (const url of ["https://x.example/a", "http://localhost:1", "http://127.0.0.1", "http://[::1]/"])
    assert.ok(isSafeUrl(url), url);
  for (const url of ["", "x", "http://x.example", "https://u:p@x.example", "file:///etc/passwd"]) assert.ok(!isSafeUrl(url), url);
});

test("the front passes on what it does not change", async () => {
  front.change = json(JWKS, (set) => ({ ...set, own: true }));
  const set = /** @type {any} */ (await (await fetch(front.url + JWKS)).json());
  assert.equal(set.own, true);
  assert.equal(set.keys.length, 2);
});
