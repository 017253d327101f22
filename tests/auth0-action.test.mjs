/** The Auth0 Action in docs/DEPLOY.md, run as it is printed there. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const DEPLOY = readFileSync(new URL("../docs/DEPLOY.md", import.meta.url), "utf8");
const [, source = ""] = /```js\n(exports\.onExecutePostLogin[\s\S]*?)```/.exec(DEPLOY) ?? [];

/** The claims that the Action sets. @param {any} event @returns {Promise<Record<string, any>>} */
async function claimsOf(event) {
  /** @type {{onExecutePostLogin?: Function}} */
  const exports = {};
  new Function("exports", source)(exports);
  /** @type {Record<string, any>} */
  const claims = {};
  const setCustomClaim = (/** @type {string} */ name, /** @type {any} */ value) => {
    claims[name] = value;
  };
  await exports.onExecutePostLogin?.(event, { accessToken: { setCustomClaim } });
  return claims;
}

test("the Action sets the claims that the settings below it name", async () => {
  const claims = await claimsOf({
    user: { email: "jane@example.com", email_verified: true },
    authentication: {
      methods: [
        { name: "pwd", timestamp: "2026-11-01T10:00:00.000Z" },
        { name: "mfa", timestamp: "2026-11-01T10:00:30.500Z" },
      ],
    },
  });
  const named = Object.fromEntries(
    [...DEPLOY.matchAll(/\bJWT_(\w+)_CLAIM=(\S+)/g)].map(([, what, claim]) => [what, claims[claim]]),
  );
  assert.deepEqual(named, { EMAIL: "jane@example.com", EMAIL_VERIFIED: true, AUTH_TIME: 1793527230, AMR: ["pwd", "mfa"] });
  assert.equal(Object.keys(claims).length, 4);
});

test("a sign-in of which Auth0 tells nothing is neither verified nor recent", async () => {
  assert.deepEqual(await claimsOf({ user: {} }), {
    "https://spkey.co/email_verified": false,
    "https://spkey.co/amr": [],
  });
});
