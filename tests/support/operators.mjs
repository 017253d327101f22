/** Operators of the console and their sessions, signed in at the simulated provider by HTTP as a browser would. */

import assert from "node:assert/strict";

/** @typedef {import("./service.mjs").Service} Service */

export const SESSION_COOKIE = "__Host-spkey_console";
export const ROLES = /** @type {const} */ (["viewer", "support", "admin"]);

/** @param {string} name @returns {string} of those whom the simulated provider signs in */
export const emailOf = (name) => `${name}@smartphonekey.com`;

/** Settings of a service with a console. @param {{clientId: string, clientSecret: string}} client of the provider */
export const consoleSettings = ({ clientId, clientSecret }) => ({
  simulator: { openid: { clientId, clientSecret } },
  vars: { CONSOLE_CLIENT_ID: clientId },
  secrets: { CONSOLE_CLIENT_SECRET: clientSecret },
});

/** The admin pair of a person who has just signed in. @param {Service} service */
export function recentPair(service) {
  const claims = { sub: "auth0|ada", email: "ada@smartphonekey.com", email_verified: true };
  const token = service.mint({ claims: { ...claims, auth_time: Math.floor(Date.now() / 1000) } });
  return { "x-admin-api-key": service.adminKey, authorization: `Bearer ${token}` };
}

/** One operator of each role, as a holder of the admin pair adds them. @param {Service} service */
export async function addOperators(service) {
  const headers = recentPair(service);
  for (const role of [...ROLES].reverse()) {
    const answer = await service.call("POST", "/admin/operators", { headers, json: { email: emailOf(role), role } });
    assert.equal(answer.status, 201, answer.text);
  }
}

/**
 * Signs a person in who signed in at the provider so long ago.
 * @param {Service} service @param {string} email
 * @returns {Promise<{cookie: string, "sec-fetch-site": string}>} headers of the session
 */
export async function sessionOf(service, email, minutesAgo = 0) {
  const begun = await service.call("GET", "/console/auth/login?return=%23%2F");
  assert.equal(begun.status, 302, begun.text);
  const form = new URLSearchParams({ email, minutes: String(minutesAgo) });
  const provided = await fetch(String(begun.headers.location), { method: "POST", body: form, redirect: "manual" });
  const { pathname, search } = new URL(String(provided.headers.get("location")));
  const ended = await service.call("GET", pathname + search, { headers: { cookie: cookiesOf(begun) } });
  assert.equal(ended.status, 303, ended.text);
  const cookie = cookiesOf(ended);
  assert.ok(cookie.includes(SESSION_COOKIE), cookie);
  service.keepsConfidential(cookie.split("=")[1]);
  return { cookie, "sec-fetch-site": "same-origin" };
}

/** Begins a sign-in and answers it with a code that no provider gave. @param {Service} service */
export async function answerWithJunk(service) {
  const begun = await service.call("GET", "/console/auth/login");
  assert.equal(begun.status, 302, begun.text);
  const state = new URL(String(begun.headers.location)).searchParams.get("state");
  const path = `/console/auth/callback?code=junk&state=${state}`;
  return service.call("GET", path, { headers: { cookie: cookiesOf(begun) } });
}

/** What a browser would send back. @param {import("./http.mjs").Answer} answer */
const cookiesOf = ({ headers }) =>
  (headers["set-cookie"] ?? [])
    .map((cookie) => cookie.split(";")[0])
    .filter((cookie) => !cookie.endsWith("="))
    .join("; ");
