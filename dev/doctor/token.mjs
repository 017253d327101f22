// A token that the operator pastes, explained: its form, its signature, then claim by claim. The rules are those of src/auth; a
// test holds both against each other. The token itself is never shown.

import { compactVerify } from "jose";
import { explainClaims } from "./claims.mjs";
import { ok, problem, shown, TOKEN_AGAIN, unseen } from "./finding.mjs";
import { isSafeUrl, noAddress, textOf } from "./issuer.mjs";
import { ALGORITHMS, decoded, MAX_KEY_ID_BYTES } from "./key-set.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 * @typedef {import("./key-set.mjs").KeySet} KeySet
 *
 * @typedef {object} Surroundings
 * @property {Deployment} deployment
 * @property {KeySet} [keys] undefined: they could not be had
 * @property {string} [confirmed] the issuer's name by its own discovery document
 * @property {number} now in seconds since the epoch
 */

const MAX_TOKEN_BYTES = 8 * 1024;

/** @param {string} text @param {Surroundings} surroundings @returns {Promise<Finding[]>} */
export async function explainToken(text, surroundings) {
  const token = text.trim().replace(/^bearer +/i, "");
  const parts = token.split(".");
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return [refused("form", `longer than ${MAX_TOKEN_BYTES} bytes`)];
  if (token.startsWith("spk_")) return [refused("form", "an API key of this service, which is no token; it works as it is")];
  if (parts.length !== 3)
    return [
      refused(
        "form",
        "not three parts joined by dots: no signed token, or an opaque one. Ask for one of the audience that JWT_AUDIENCE names",
      ),
    ];
  const [header, payload, signature] = parts.map(decoded);
  if (!header || !payload || !signature) return [refused("form", "a part is not unpadded base64url; was all of it copied?")];
  const head = objectOf(header);
  if (!head) return [refused("form", "its header is no JSON object")];
  const claims = objectOf(payload);
  const findings = [ok("token.form", `${Buffer.byteLength(token)} bytes`), ...explainHeader(head, surroundings)];
  const isReadable = findings.every(({ result }) => result === "ok");
  const verdict = isReadable ? await checkSignature(token, head, signature, surroundings) : undefined;
  if (verdict) findings.push(verdict);
  const twice = repeatedName(payload.toString("utf8"));
  if (!claims) return [...findings, refused("claims", "its claims are no JSON object")];
  if (twice !== undefined) return [...findings, refused("claims", `the claim ${shown(twice)} is there twice`)];
  const isGenuine = verdict?.result === "ok";
  return [...findings, ...explainClaims(claims, { ...surroundings, isGenuine })];
}

/** @param {string} what @param {string} why @returns {Finding} */
const refused = (what, why) => problem(`token.${what}`, why, TOKEN_AGAIN);

/** @param {any} head @param {Surroundings} surroundings @returns {Finding[]} */
function explainHeader({ alg, kid, typ, ...head }, { deployment }) {
  const url = textOf(deployment, "JWT_JWKS_URL");
  const lookAtKeys = isSafeUrl(url) ? deployment.commands.look(url) : TOKEN_AGAIN;
  const findings = [];
  if ("crit" in head) findings.push(refused("crit", "it asks for extensions, and none is supported"));
  const isType = typ === undefined || typ === null || (typeof typ === "string" && /^(application\/)?(jwt|at\+jwt)$/i.test(typ));
  findings.push(
    isType ? ok("token.typ", typ ? String(typ) : "not said") : refused("typ", `${shown(typ)} is neither JWT nor at+jwt`),
  );
  findings.push(
    ALGORITHMS.includes(alg)
      ? ok("token.alg", alg)
      : problem("token.alg", `${shown(alg)} is neither RS256 nor ES256: set the provider to sign with one of them`, lookAtKeys),
  );
  const bytes = typeof kid === "string" ? Buffer.byteLength(kid) : 0;
  const isKeyId = bytes > 0 && bytes <= MAX_KEY_ID_BYTES;
  findings.push(
    isKeyId
      ? ok("token.kid", shown(kid))
      : refused("kid", bytes > 0 ? "too long" : "it does not say with which key it was signed"),
  );
  return findings;
}

/** @param {string} token @param {any} head @param {Buffer} signature @param {Surroundings} surroundings @returns {Promise<Finding>} */
async function checkSignature(token, { alg, kid }, signature, { keys, deployment }) {
  const check = "token.signature";
  const url = textOf(deployment, "JWT_JWKS_URL");
  if (!isSafeUrl(url)) return noAddress(check, "the signature", "JWT_JWKS_URL", deployment);
  const command = deployment.commands.look(url);
  if (!keys) return unseen(check, "the signature, as the key set could not be had", command);
  if (alg === "ES256" ? signature.length !== 64 : signature.length < 256)
    return refused("signature", "its length does not fit the algorithm; was all of it copied?");
  const key = keys.usable.find((one) => one.kid === kid && one.alg === alg);
  if (!key)
    return problem(
      check,
      `the provider publishes no ${alg} key ${shown(kid)}: another tenant's token, or one from before a rotation`,
      command,
    );
  try {
    await compactVerify(token, key.key, { algorithms: [alg] });
    return ok(check, "genuine");
  } catch {
    return refused("signature", "not that of the provider's key: the token was changed, or is another's");
  }
}

/** @param {Buffer} bytes @returns {Record<string, unknown> | undefined} */
function objectOf(bytes) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A name that an object's text has twice, of which JSON.parse takes the last. @param {string} text of an object */
function repeatedName(text) {
  const names = new Set();
  let depth = 0;
  for (const [piece, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (name !== undefined && depth === 1) {
      const read = JSON.parse(name);
      if (names.has(read)) return String(read);
      names.add(read);
    }
    if (name === undefined) depth += "{[".includes(piece) ? 1 : "}]".includes(piece) ? -1 : 0;
  }
  return undefined;
}
