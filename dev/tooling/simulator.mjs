// Talks to the running simulator's controls.

import { Failure } from "./say.mjs";

/** @param {string} simulator its address @param {string} path @param {unknown} [body] */
async function call(simulator, path, body) {
  const init =
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${simulator}/__sim${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
  const answer = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Failure(`The simulator refused ${path}: ${answer.error ?? response.status}`);
  return answer;
}

/** @param {string} simulator @returns {Promise<number>} how many accounts it knows */
export const countAccounts = async (simulator) => (await call(simulator, "/users")).users.length;

/** @param {string} simulator @param {object[]} users */
export const addAccounts = (simulator, users) => call(simulator, "/users", { users });

/**
 * @param {import("./run-file.mjs").Running} running
 * @param {Record<string, unknown>} claims
 * @param {number} expiresInSeconds
 * @returns {Promise<string>}
 */
export async function mintToken({ simulator, tokens }, claims, expiresInSeconds) {
  const all = { iss: tokens.iss, aud: tokens.aud, ...claims };
  // ES256 rather than RS256: a third as long, so easier to paste.
  return (await call(simulator, "/token", { claims: all, alg: "ES256", expiresInSeconds })).token;
}
