/** `npm run doctor -- --token`: a token is explained claim by claim, as the Worker would judge it. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { execa } from "execa";
import { checkIssuer } from "../dev/doctor/issuer.mjs";
import { explainToken } from "../dev/doctor/token.mjs";
import { startSimulator } from "../dev/simulator/server.mjs";
import { deploymentWith, expectFinding, varsOf } from "./support/doctor.mjs";
import { tokensOfAdministrators } from "./support/tokens.mjs";

const simulator = await startSimulator();
after(() => simulator.close());
const { mint } = simulator.control;
const vars = varsOf(simulator.url);
const AGAIN = "npm run doctor -- --token";
const ADA = { sub: "auth0|ada", email: "ada@smartphonekey.com", email_verified: true, amr: ["pwd", "mfa"] };
const now = () => Math.floor(Date.now() / 1000);

/** @type {import("../dev/doctor/issuer.mjs").Issuer} */
let issuer;
before(async () => {
  issuer = await checkIssuer((await deploymentWith(vars)).deployment);
});

/** @param {string} token @param {Record<string, unknown>} [own] settings over the right ones @param {object} [known] */
async function explain(token, own = {}, known = {}) {
  const { deployment } = await deploymentWith({ ...vars, ...own });
  const findings = await explainToken(token, {
    deployment,
    keys: issuer.keys,
    confirmed: issuer.confirmed,
    now: now(),
    ...known,
  });
  const text = JSON.stringify(findings);
  for (const part of token.split(".").filter((one) => one.length > 20))
    assert.ok(!text.includes(part), "a part of the token is shown");
  return findings;
}

/** @param {Record<string, unknown>} claims @param {object} [order] */
const ada = (claims = {}, order = {}) => mint({ ...order, claims: { ...ADA, ...claims } });

/** How the admin routes would answer. @param {import("../dev/doctor/finding.mjs").Finding[]} findings */
function verdictOf(findings) {
  const has = (/** @type {string[]} */ ...checks) =>
    findings.some(({ check, result }) => checks.includes(check) && result === "warning");
  if (findings.some(({ result }) => result === "problem" || result === "unseen")) return 401;
  if (has("token.email", "token.email_verified")) return 401;
  // Without one @ there is no domain that could be allowed.
  if (findings.some(({ check, seen }) => check === "token.domain" && /one @/.test(seen))) return 401;
  return has("token.domain") ? 403 : 200;
}

test("a good token passes in all its claims", async () => {
  const findings = await explain(ada());
  assert.deepEqual(
    findings.filter(({ result }) => result !== "ok"),
    [],
  );
  for (const name of [
    "form",
    "typ",
    "alg",
    "kid",
    "signature",
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "sub",
    "auth_time",
    "amr",
    "email",
    "email_verified",
    "domain",
    "staff",
  ]) {
    expectFinding(findings, `token.${name}`, { result: "ok" });
  }
  assert.deepEqual(
    await explain(` Bearer ${ada()}\n`),
    findings.map((one) => ({ ...one, seen: one.seen })),
  );
});

test("every token is judged as the Worker judges it", async () => {
  const service = /** @type {any} */ ({ sim: simulator.control, mint, issuer: `${simulator.url}/` });
  for (const [name, { authorization, verdict }] of Object.entries(tokensOfAdministrators(service))) {
    if (typeof authorization !== "string" || !/^Bearer \S+$/.test(authorization)) continue;
    const findings = await explain(authorization.replace("Bearer ", ""));
    assert.equal(verdictOf(findings), verdict, `${name}: ${JSON.stringify(findings, null, 1)}`);
  }
});

describe("the form", () => {
  test("is none of a token", async () => {
    for (const [text, seen] of /** @type {[string, RegExp][]} */ ([
      ["x".repeat(8193), /longer than 8192 bytes/],
      [`spk_${"x".repeat(43)}`, /an API key/],
      ["opaque", /three parts/],
      ["a.b.c", /base64url/],
      [`${ada()}=`, /base64url/],
      [`${Buffer.from("[]").toString("base64url")}.e30.AAAA`, /header is no JSON object/],
    ])) {
      expectFinding(await explain(text), "token.form", { seen, command: AGAIN });
    }
  });

  test("has claims that are none, or are there twice", async () => {
    const [header, , signature] = ada().split(".");
    const of = (/** @type {string} */ text) => explain(`${header}.${Buffer.from(text).toString("base64url")}.${signature}`);
    expectFinding(await of("[1]"), "token.claims", { seen: /no JSON object/, command: AGAIN });
    expectFinding(await of('{"sub":"a","x":{"sub":1},"\\u0073ub":"b"}'), "token.claims", {
      seen: /"sub" is there twice/,
      command: AGAIN,
    });
    assert.ok(!(await of('{"a":"b","b":["a",{"a":1}],"c":{"a":1}}')).some(({ check }) => check === "token.claims"));
  });

  test("has a header that is refused", async () => {
    const jwks = `curl -sSi --max-time 10 ${vars.JWT_JWKS_URL}`;
    expectFinding(await explain(ada({}, { header: { crit: [] } })), "token.crit", { command: AGAIN });
    expectFinding(await explain(ada({}, { header: { typ: "logout+jwt" } })), "token.typ", { command: AGAIN });
    expectFinding(await explain(ada({}, { alg: "HS256" })), "token.alg", { seen: /HS256/, command: jwks });
    expectFinding(await explain(ada({}, { kid: null })), "token.kid", { command: AGAIN });
    expectFinding(await explain(ada({}, { kid: "k".repeat(257) })), "token.kid", { seen: /too long/, command: AGAIN });
  });

  test("has a signature that is not the provider's, or cannot be checked", async () => {
    const jwks = `curl -sSi --max-time 10 ${vars.JWT_JWKS_URL}`;
    expectFinding(await explain(ada({}, { key: "unknown" })), "token.signature", {
      seen: /publishes no RS256 key/,
      command: jwks,
    });
    expectFinding(await explain(ada({}, { key: "impostor" })), "token.signature", { seen: /not that of/, command: AGAIN });
    expectFinding(await explain(ada().slice(0, -102)), "token.signature", { seen: /length/, command: AGAIN });
    expectFinding(await explain(ada(), {}, { keys: undefined }), "token.signature", { result: "unseen", command: jwks });
  });

  test("cannot be checked without the key set's address, which is then what is asked for", async () => {
    for (const JWT_JWKS_URL of ["", "ftp://x.example"]) {
      for (const order of [{}, { alg: "HS256" }]) {
        const findings = await explain(ada({}, order), { JWT_JWKS_URL }, { keys: undefined });
        assert.doesNotMatch(JSON.stringify(findings), /curl|''/);
      }
      expectFinding(await explain(ada(), { JWT_JWKS_URL }, { keys: undefined }), "token.signature", {
        result: "unseen",
        seen: /JWT_JWKS_URL is no address to ask; put your own value/,
        command: /^npm run set -- JWT_JWKS_URL=https:/,
      });
    }
  });
});

describe("claims that make it refused", () => {
  test("iss", async () => {
    const issuerOf = (/** @type {any} */ iss) => explain(ada({ iss }));
    expectFinding(await issuerOf(undefined), "token.iss", { seen: /has no iss/, command: AGAIN });
    expectFinding(await issuerOf("https://evil.example/"), "token.iss", { seen: /evil/, command: AGAIN });
    const unset = await explain(ada(), { JWT_ISSUER: "", JWT_AUDIENCE: "" });
    expectFinding(unset, "token.iss", { result: "unseen", command: /JWT_ISSUER=https/ });
    expectFinding(unset, "token.aud", { result: "unseen", command: /JWT_AUDIENCE=https/ });
    const slash = await explain(ada(), { JWT_ISSUER: simulator.url });
    expectFinding(slash, "token.iss", { command: `npm run set -- JWT_ISSUER=${simulator.url}/` });
  });

  test("aud", async () => {
    expectFinding(await explain(ada({ aud: undefined })), "token.aud", { seen: /no aud/, command: AGAIN });
    expectFinding(await explain(ada({ aud: 7 })), "token.aud", { seen: /neither/, command: AGAIN });
    const other = ["https://x.example/userinfo", "https://api.example.com"];
    expectFinding(await explain(ada({ aud: other })), "token.aud", {
      command: "npm run set -- JWT_AUDIENCE=https://api.example.com",
    });
    expectFinding(await explain(ada({ aud: "spkey-console" })), "token.aud", { seen: /ID token/, command: AGAIN });
    // What a forged token says is no reason to change a setting.
    const forged = await explain(ada({ aud: "https://evil.example" }, { key: "impostor" }));
    expectFinding(forged, "token.aud", { command: AGAIN });
  });

  test("dates", async () => {
    expectFinding(await explain(ada({ exp: undefined })), "token.exp", { seen: /never expires/, command: AGAIN });
    expectFinding(await explain(ada({ exp: "tomorrow" })), "token.exp", { seen: /no number/, command: AGAIN });
    expectFinding(await explain(ada({ exp: now() - 70 })), "token.exp", { seen: /expired 20/, command: AGAIN });
    expectFinding(await explain(ada({ nbf: now() + 70 })), "token.nbf", { seen: /not valid before/, command: AGAIN });
    expectFinding(await explain(ada({ nbf: "x" })), "token.nbf", { seen: /no number/, command: AGAIN });
    expectFinding(await explain(ada({ iat: now() + 70 })), "token.iat", { seen: /future/, command: AGAIN });
    expectFinding(await explain(ada({ iat: [] })), "token.iat", { seen: /no number/, command: AGAIN });
    expectFinding(await explain(ada({ auth_time: now() + 70 })), "token.auth_time", { seen: /future/, command: AGAIN });
    expectFinding(await explain(ada({ auth_time: "x" })), "token.auth_time", { seen: /no number/, command: /DEPLOY\.md/ });
    expectFinding(await explain(ada({ exp: 1e300 })), "token.exp", { result: "ok" });
  });

  test("sub", async () => {
    expectFinding(await explain(ada({ sub: "" })), "token.sub", { command: AGAIN });
    expectFinding(await explain(ada({ sub: undefined })), "token.sub", { result: "warning", command: AGAIN });
  });
});

describe("claims that let it do less", () => {
  const action = "sed -n '/^### With Auth0/,/^## /p' docs/DEPLOY.md";
  const warn = (/** @type {RegExp} */ seen, /** @type {string} */ command) =>
    /** @type {const} */ ({ result: "warning", seen, command });

  test("under another name, which a setting tells", async () => {
    for (const [plain, setting] of [
      ["email", "JWT_EMAIL_CLAIM"],
      ["email_verified", "JWT_EMAIL_VERIFIED_CLAIM"],
      ["auth_time", "JWT_AUTH_TIME_CLAIM"],
      ["amr", "JWT_AMR_CLAIM"],
    ]) {
      const name = `https://spkey.co/${plain}`;
      const values = /** @type {Record<string, unknown>} */ ({ ...ADA, auth_time: now() });
      const claims = { [plain]: undefined, [name]: values[plain] };
      const expected = warn(/no claim/, `npm run set -- ${setting}=${name}`);
      expectFinding(await explain(ada(claims)), `token.${plain}`, expected);
      expectFinding(await explain(ada(claims), { [setting]: name }), `token.${plain}`, { result: "ok" });
      expectFinding(await explain(ada({ [plain]: undefined })), `token.${plain}`, warn(/no claim/, action));
    }
  });

  test("which the Action for Auth0 sends, that a command shows", async () => {
    const { stdout } = await execa("sh", ["-c", action], { cwd: new URL("..", import.meta.url) });
    assert.match(stdout, /^### With Auth0\n[\s\S]*onExecutePostLogin[\s\S]*JWT_EMAIL_CLAIM=/);
  });

  test("auth_time that is old, or iat in its place", async () => {
    expectFinding(await explain(ada({ auth_time: now() - 7300 })), "token.auth_time", warn(/last 2 h/, AGAIN));
    expectFinding(await explain(ada({ auth_time: undefined }), { JWT_AUTH_TIME: "or_iat" }), "token.auth_time", { result: "ok" });
  });

  test("an e-mail that proves nothing", async () => {
    expectFinding(await explain(ada({ email: 7 })), "token.email", warn(/not a text/, action));
    expectFinding(await explain(ada({ email_verified: "false" })), "token.email_verified", warn(/not verified/, AGAIN));
    expectFinding(
      await explain(ada({ email_verified: undefined }), { JWT_EMAIL_VERIFIED: "unless_false" }),
      "token.email_verified",
      { result: "ok" },
    );
    expectFinding(await explain(ada({ amr: "mfa" })), "token.amr", warn(/no list/, action));
    expectFinding(await explain(ada({ email: "a@b@c" })), "token.domain", warn(/one @/, action));
  });

  test("a domain that is not of administrators", async () => {
    const elsewhere = await explain(ada({ email: "jane.doe@Example.com" }), { ADMIN_EMAIL_DOMAINS: ["a.example", "b.example"] });
    expectFinding(elsewhere, "token.domain", warn(/is not in ADMIN_EMAIL_DOMAINS \(a\.example, b\.example\)/, AGAIN));
    assert.ok(!JSON.stringify(elsewhere).includes("jane.doe"), "the e-mail is masked");
    const forged = await explain(ada({ email: "x@evil.example" }, { key: "impostor" }));
    expectFinding(forged, "token.domain", warn(/403/, AGAIN));
  });

  test("a program's token, and staff", async () => {
    expectFinding(await explain(ada({ gty: "client-credentials" })), "token.staff", warn(/given to a program/, AGAIN));
    expectFinding(await explain(ada({ is_staff: true })), "token.staff", { result: "ok", seen: /^staff/ });
    expectFinding(await explain(ada({ is_staff: "true" })), "token.staff", { result: "ok", seen: /^not staff/ });
  });
});
