/** A person at the simulated OpenID provider: presses a button of its page, as a browser would. */

import assert from "node:assert/strict";

/**
 * @typedef {object} Person
 * @property {string} [email]
 * @property {number} [minutes] since they signed in there
 * @property {boolean} [mfa] whether with a second factor
 * @property {boolean} [cancels]
 */

/**
 * Signs a person in.
 * @param {string} authorizationUrl where the service sent the browser to
 * @param {Person} [person]
 * @returns {Promise<string>} where the provider sends the browser to
 */
export async function signInAt(authorizationUrl, { email = "support@smartphonekey.com", minutes = 0, mfa, cancels } = {}) {
  // What `localhost` means depends on the machine; the provider listens on 127.0.0.1.
  const url = authorizationUrl.replace("//localhost:", "//127.0.0.1:");
  const shown = await fetch(url, { redirect: "manual" });
  assert.equal(shown.status, 200, await shown.text());
  const body = new URLSearchParams({
    minutes: String(minutes),
    ...(cancels ? { cancel: "yes" } : { email }),
    ...(mfa && { mfa: "on" }),
  });
  const answer = await fetch(url, { method: "POST", body, redirect: "manual" });
  assert.equal(answer.status, 302, await answer.text());
  return /** @type {string} */ (answer.headers.get("location"));
}
