/** Tokens of an administrator, the good ones and every defect that a verifier must not overlook. */

const DOMAIN = "smartphonekey.com";

/** @typedef {200 | 401 | 403} Verdict 200 stands for "let in" */

const seconds = () => Math.floor(Date.now() / 1000);

/**
 * @param {import("./service.mjs").Service} service
 * @returns {Record<string, {authorization?: string | string[], verdict: Verdict}>} by what is special about each
 */
export function tokensOfAdministrators(service) {
  const { audience } = service.sim.config();
  const claims = { sub: "auth0|ada", email: `ada@${DOMAIN}`, email_verified: true };
  const mint = (/** @type {any} */ { claims: own, ...order } = {}) => service.mint({ ...order, claims: { ...claims, ...own } });
  const withEmail = (/** @type {any} */ email) => mint({ claims: { email } });
  const good = mint();
  const [header, payload, signature] = good.split(".");

  const accepted = {
    RS256: good,
    ES256: mint({ alg: "ES256" }),
    "our audience in a list": mint({ claims: { aud: ["https://other.example", audience] } }),
    "expired within the leeway": mint({ expiresInSeconds: -30 }),
    "nbf within the leeway": mint({ claims: { nbf: seconds() + 30 } }),
    "a domain in capitals": withEmail(`Ada@${DOMAIN.toUpperCase()}`),
    "a thumbprint in hexadecimal": mint({ header: { x5t: "d27ae14ba240ba6734386478840a527d610e70f9", jku: 7 } }),
    "typ at+jwt": mint({ header: { typ: "at+jwt" } }),
    "8 KiB": ofSize(mint, 8 * 1024),
  };
  const refused = {
    "three dots of nothing": "..",
    "not a token": "abc",
    "two parts": `${header}.${payload}`,
    "alg none": mint({ alg: "none" }),
    "alg none without its last dot": mint({ alg: "none" }).replace(/\.$/, ""),
    "alg NONE in other letters": mint({ header: { alg: "nOnE" } }),
    "HS256 signed with the public key": mint({ alg: "HS256" }),
    "RS256 said to be HS256": mint({ header: { alg: "HS256" } }),
    "RS256 said to be PS256": mint({ header: { alg: "PS256" } }),
    "RS256 said to be ES256": mint({ header: { alg: "ES256" } }),
    "a key that is not published": mint({ key: "unknown" }),
    "a foreign key under a published id": mint({ key: "impostor" }),
    "a foreign ES256 key under a published id": mint({ key: "impostor", alg: "ES256" }),
    "no key id": mint({ kid: null }),
    "an empty key id": mint({ header: { kid: "" } }),
    "the ES256 key's id with an RS256 signature": mint({ kid: JSON.parse(decode(mint({ alg: "ES256" }))).kid }),
    "another issuer": mint({ claims: { iss: "https://evil.example/" } }),
    "our issuer without its slash": mint({ claims: { iss: service.issuer.replace(/\/$/, "") } }),
    "no issuer": mint({ claims: { iss: undefined } }),
    "another audience": mint({ claims: { aud: "https://other.example" } }),
    "a list without our audience": mint({ claims: { aud: ["https://other.example", `${audience}2`] } }),
    "an empty list of audiences": mint({ claims: { aud: [] } }),
    "no audience": mint({ claims: { aud: undefined } }),
    expired: mint({ expiresInSeconds: -120 }),
    "no expiry": mint({ claims: { exp: undefined } }),
    "an expiry in words": mint({ claims: { exp: "tomorrow" } }),
    "nbf in the future": mint({ claims: { nbf: seconds() + 120 } }),
    "an unknown crit": mint({ header: { crit: ["exp"], exp: 1 } }),
    "an empty crit": mint({ header: { crit: [] } }),
    "more than 8 KiB": ofSize(mint, 8 * 1024 + 1),
    "a changed payload": `${header}.${changed(payload)}.${signature}`,
    "a changed signature": `${header}.${payload}.${changed(signature)}`,
    "half a signature": `${header}.${payload}.${signature.slice(0, 40)}`,
    "no signature": `${header}.${payload}.`,
    "no e-mail": withEmail(undefined),
    "an empty e-mail": withEmail(""),
    "an e-mail that is a list": withEmail([`ada@${DOMAIN}`]),
    "email_verified not said": mint({ claims: { email_verified: undefined } }),
    "an e-mail without @": withEmail(DOMAIN),
    "an allowed domain before the last of two @": withEmail(`ada@${DOMAIN}@evil.example`),
    "an allowed domain after the last of two @": withEmail(`ada@evil.example@${DOMAIN}`),
    "email_verified false": mint({ claims: { email_verified: false } }),
    'email_verified "false"': mint({ claims: { email_verified: "false" } }),
    "email_verified false at another domain": mint({ claims: { email_verified: false, email: "ada@evil.example" } }),
  };
  const forbidden = Object.fromEntries(
    [
      "ada@evil.example",
      `ada@mail.${DOMAIN}`,
      `ada@not${DOMAIN}`,
      `ada@${DOMAIN}.evil.example`,
      `ada@${DOMAIN}.`,
      `ada@${DOMAIN} `,
      `ada@ ${DOMAIN}`,
      `ada@${DOMAIN}\u0000`,
      "ada@smartphone\u212aey.com",
      "ada@",
    ].map((email) => [`e-mail ${JSON.stringify(email)}`, withEmail(email)]),
  );

  const bearers = (/** @type {Record<string, string>} */ tokens, /** @type {Verdict} */ verdict) =>
    Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, { authorization: `Bearer ${token}`, verdict }]));
  return {
    ...bearers(accepted, 200),
    ...bearers(refused, 401),
    ...bearers(forbidden, 403),
    "the scheme in other letters": { authorization: `bEaReR ${good}`, verdict: 200 },
    "no token": { verdict: 401 },
    "an empty header": { authorization: "", verdict: 401 },
    "a scheme and nothing else": { authorization: "Bearer ", verdict: 401 },
    "a token without its scheme": { authorization: good, verdict: 401 },
    "another scheme": { authorization: `Basic ${good}`, verdict: 401 },
    "two tokens in one header": { authorization: `Bearer ${good}, Bearer ${good}`, verdict: 401 },
    "two headers": { authorization: [`Bearer ${good}`, `Bearer ${good}`], verdict: 401 },
  };
}

/** A token of exactly so many bytes. @param {(order: any) => string} mint @param {number} size */
function ofSize(mint, size) {
  // Base64 grows in steps, so padding in the claims and one in the header meet every length between them.
  for (let inHeader = 0; inHeader < 4; inHeader += 1) {
    for (let length = Math.floor((size * 3) / 4) - 800; length < size; length += 1) {
      const shortfall = size - mint({ claims: { padding: "x".repeat(length) }, header: { pad: "x".repeat(inHeader) } }).length;
      if (shortfall === 0) return mint({ claims: { padding: "x".repeat(length) }, header: { pad: "x".repeat(inHeader) } });
      if (shortfall < 0) break;
      length += Math.max(0, Math.floor((shortfall * 3) / 4) - 3);
    }
  }
  throw new Error(`no token has ${size} bytes`);
}

/** Another text of the same form. @param {string} text */
const changed = (text) => `${text.slice(0, 20)}${text[20] === "A" ? "B" : "A"}${text.slice(21)}`;

/** @param {string} token */
const decode = (token) => Buffer.from(token.split(".")[0], "base64url").toString("utf8");
