// Talks to the running simulator's controls.

import { Failure } from "./say.mjs";

/** @param {string} simulator its address @param {string} path @param {unknown} [body] @param {string} [method] of a call with a body */
async function call(simulator, path, body, method = "POST") {
  const init = body === undefined ? {} : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${simulator}/__sim${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
  const answer = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Failure(`The simulator refused ${path}: ${answer.error ?? response.status}`);
  return answer;
}

/** @param {string} simulator @returns {Promise<number>} how many accounts it knows */
export const countAccounts = async (simulator) => (await call(simulator, "/users")).users.length;

/** @param {string} simulator @param {object[]} users */
export const addAccounts = (simulator, users) => call(simulator, "/users", { users });

/** @param {string} simulator @param {object} settings of its config.mjs */
export const configure = (simulator, settings) => call(simulator, "/config", settings, "PATCH");

/** @param {string} simulator @returns {Promise<import("../simulator/dialect.mjs").Dialect>} */
export const spokenDialect = async (simulator) => (await call(simulator, "/config")).dialect;

/** @param {string} simulator @param {object} rule of its faults.mjs */
export const addFault = (simulator, rule) => call(simulator, "/faults", rule);

/** What the Worker accepts, and what it calls the claims. @typedef {ReturnType<typeof tokensOf>} Tokens */

/** @param {Record<string, string | undefined>} vars the Worker's */
export const tokensOf = (vars) => ({
  iss: vars.JWT_ISSUER || "",
  aud: vars.JWT_AUDIENCE || "",
  emailClaim: vars.JWT_EMAIL_CLAIM || "email",
  verifiedClaim: vars.JWT_EMAIL_VERIFIED_CLAIM || "email_verified",
  authTimeClaim: vars.JWT_AUTH_TIME_CLAIM || "auth_time",
  amrClaim: vars.JWT_AMR_CLAIM || "amr",
});

/** The claims of a person with this e-mail. @param {import("./run-file.mjs").Running} running @param {string} email */
export const verifiedEmail = ({ tokens }, email) => ({ [tokens.emailClaim]: email, [tokens.verifiedClaim]: true });

/**
 * Of a person who signs in now.
 * @param {import("./run-file.mjs").Running} running
 * @param {Record<string, unknown>} claims
 * @param {number} expiresInSeconds
 * @returns {Promise<string>}
 */
export async function mintToken({ simulator, tokens }, claims, expiresInSeconds) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: tokens.iss, aud: tokens.aud, [tokens.authTimeClaim]: now, ...claims };
  // ES256 rather than RS256: a third as long, so easier to paste.
  return (await call(simulator, "/token", { claims: all, alg: "ES256", expiresInSeconds })).token;
}
