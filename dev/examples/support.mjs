// What support has locally: the admin key and a token.

import { keptVars } from "../tooling/local-config.mjs";
import { mintToken, verifiedEmail } from "../tooling/simulator.mjs";

/** @typedef {import("../tooling/run-file.mjs").Running} Running */

/** @param {Running} running @param {number} lifetimeS of the token @returns {Promise<import("../tooling/admin.mjs").Access>} */
export async function supportAccess(running, lifetimeS) {
  const { ADMIN_API_KEY = "", ADMIN_EMAIL_DOMAINS = "" } = keptVars();
  const email = `support@${ADMIN_EMAIL_DOMAINS.split(",")[0]?.trim()}`;
  const claims = { sub: "local|support", ...verifiedEmail(running, email) };
  return { worker: running.worker, adminKey: ADMIN_API_KEY, adminToken: await mintToken(running, claims, lifetimeS) };
}
