/** Makes JWTs for any claims, the good ones and those that a verifier has to refuse. */

import { createHmac, createPublicKey, randomBytes, sign } from "node:crypto";

import { choice, flag, nullable, openRecord, record, refuse, text } from "./shape.mjs";

/**
 * @typedef {import("./issuer.mjs").Issuer} Issuer
 *
 * @typedef {object} MintOrder
 * @property {Record<string, any>} [claims] win over the defaults
 * @property {"RS256" | "ES256" | "HS256" | "none"} [alg] HS256 is signed with the RSA public key's PEM as the secret: the
 *   classic confusion of algorithms; `none` has an empty signature
 * @property {string | null} [kid] in place of the key's own; null leaves it out
 * @property {Record<string, any>} [header] merged into the header last
 * @property {"known" | "unknown" | "impostor"} [key] unknown: a foreign key under a kid that is not published;
 *   impostor: a foreign key under a published kid
 * @property {boolean} [defaults] fill in iss, aud, iat, auth_time and exp
 * @property {number} [expiresInSeconds] negative for a token that has expired
 */

/** Checks a `MintOrder`. */
export const orderShape = record({
  claims: openRecord,
  alg: choice("RS256", "ES256", "HS256", "none"),
  kid: nullable(text),
  header: openRecord,
  key: choice("known", "unknown", "impostor"),
  defaults: flag,
  expiresInSeconds: (value, path) => (Number.isFinite(value) ? value : refuse(path, "a number")),
});

/**
 * @param {Issuer} issuer
 * @param {{iss: string, aud: string}} parties
 * @param {MintOrder} order
 * @returns {string} in compact form
 */
export function mint(issuer, parties, order) {
  const checked = orderShape(order, "token");
  const { claims = {}, alg = "RS256", kid, header = {}, key = "known", defaults = true, expiresInSeconds = 3600 } = checked;
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    ...(defaults && { ...parties, iat: now, auth_time: now, exp: Math.floor(now + expiresInSeconds) }),
    ...claims,
  };

  const keyAlg = alg === "ES256" ? "ES256" : "RS256";
  const published = issuer.publishedKey(keyAlg);
  const privateKey = key === "known" ? published.privateKey : issuer.foreignKey(keyAlg);
  const ownKid = key === "unknown" ? `sim-unknown-${randomBytes(4).toString("hex")}` : published.kid;
  const chosenKid = kid === undefined ? ownKid : kid;

  const fullHeader = { alg, typ: "JWT", ...(chosenKid !== null && { kid: chosenKid }), ...header };
  const signingInput = `${encode(fullHeader)}.${encode(payload)}`;
  return `${signingInput}.${signature(alg, privateKey, signingInput).toString("base64url")}`;
}

/**
 * @param {string} alg
 * @param {import("node:crypto").KeyObject} privateKey
 * @param {string} input
 * @returns {Buffer}
 */
function signature(alg, privateKey, input) {
  if (alg === "none") return Buffer.alloc(0);
  if (alg === "HS256") {
    const pem = createPublicKey(privateKey).export({ type: "spki", format: "pem" });
    return createHmac("sha256", pem).update(input).digest();
  }
  // JOSE wants an ECDSA signature as r||s; the option means nothing to RSA.
  return sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
}

/** @param {unknown} part */
const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
