// The issuer's keys: which of them the Worker uses, and why not the others. The rules are those of src/auth/jwks/document.rs.

import { importJWK } from "jose";

/**
 * @typedef {{kid: string, alg: "RS256" | "ES256", key: Awaited<ReturnType<typeof importJWK>>}} UsableKey
 * @typedef {{usable: UsableKey[], useless: string[]}} KeySet `useless`: a reason for each key that is of no use
 */

export const MAX_KEY_ID_BYTES = 256;
const MIN_RSA_BITS = 2048;
const P256_BYTES = 32;
const ALGORITHM_OF = { RSA: "RS256", EC: "ES256" };
export const ALGORITHMS = Object.values(ALGORITHM_OF);

/** @param {any} document @returns {Promise<KeySet | undefined>} undefined: it is no key set */
export async function readKeySet(document) {
  if (!Array.isArray(document?.keys)) return undefined;
  /** @type {KeySet} */
  const set = { usable: [], useless: [] };
  for (const jwk of document.keys) {
    const reason = defectOf(jwk) ?? (await keep(jwk, set));
    if (reason) set.useless.push(reason);
  }
  return set;
}

/** @param {any} jwk @returns {string | undefined} */
function defectOf(jwk) {
  const alg = algorithmOf(jwk);
  if (!alg) return `a key of type ${String(jwk?.kty)}${jwk?.crv ? ` ${String(jwk.crv)}` : ""}`;
  const bytes = typeof jwk.kid === "string" ? Buffer.byteLength(jwk.kid) : 0;
  if (bytes < 1 || bytes > MAX_KEY_ID_BYTES) return "a key without a usable kid";
  if (isSaid(jwk.use) && jwk.use !== "sig") return `${jwk.kid} is not for signatures`;
  if (isSaid(jwk.alg) && jwk.alg !== alg) return `${jwk.kid} is for ${String(jwk.alg)}`;
  const operations = jwk.key_ops;
  const verifies =
    Array.isArray(operations) && operations.every((one) => typeof one === "string") && operations.includes("verify");
  if (isSaid(operations) && !verifies) return `${jwk.kid} is not for verifying`;
  return undefined;
}

/** @param {unknown} member */
const isSaid = (member) => member !== undefined && member !== null;

/** @param {any} jwk @returns {"RS256" | "ES256" | undefined} */
function algorithmOf(jwk) {
  if (jwk?.kty === "EC" && jwk.crv !== "P-256") return undefined;
  const name = Object.hasOwn(ALGORITHM_OF, jwk?.kty) ? ALGORITHM_OF[/** @type {"RSA" | "EC"} */ (jwk.kty)] : undefined;
  return /** @type {"RS256" | "ES256" | undefined} */ (name);
}

/** @param {any} jwk @param {KeySet} set @returns {Promise<string | undefined>} why not */
async function keep(jwk, { usable }) {
  const alg = /** @type {"RS256" | "ES256"} */ (algorithmOf(jwk));
  const { kty, n, e, crv, x, y } = jwk;
  const numbers = (kty === "RSA" ? [n, e] : [x, y]).map(decoded);
  const [first, second] = numbers;
  if (!first || !second) return `${jwk.kid} is malformed`;
  if (kty === "RSA" && bitsOf(first) < MIN_RSA_BITS) return `${jwk.kid} has fewer than ${MIN_RSA_BITS} bits`;
  // With an exponent of 1, signatures need no private key.
  if (kty === "RSA" && (bitsOf(second) < 2 || Number(second.at(-1)) % 2 === 0)) return `${jwk.kid} has an unsound exponent`;
  if (kty === "EC" && (first.length !== P256_BYTES || second.length !== P256_BYTES)) return `${jwk.kid} is malformed`;
  try {
    usable.push({ kid: jwk.kid, alg, key: await importJWK(kty === "RSA" ? { kty, n, e } : { kty, crv, x, y }, alg) });
    return undefined;
  } catch {
    return `${jwk.kid} is malformed`;
  }
}

/** Canonical base64url without padding, and not empty. @param {unknown} text */
export function decoded(text) {
  if (typeof text !== "string" || text === "") return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Of a big-endian number. @param {Buffer} number */
const bitsOf = (number) => BigInt(`0x0${number.toString("hex")}`).toString(2).length;
