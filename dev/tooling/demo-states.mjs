// The demo's stuck users: each waits in its state for support, however often the
// cron trigger fires. What keeps them there is the simulated 3dEye.

import { EXAMPLES, MISSING_ROLE, STUCK } from "../seed.mjs";
import { step } from "./say.mjs";
import { addFault, mintToken, spokenDialect } from "./simulator.mjs";

const PATIENCE_MS = 60_000;

/**
 * What the simulated 3dEye refuses, at every start anew.
 * @param {string} simulator its address
 */
export async function makeTroubles(simulator) {
  const { paths, attachRole } = await spokenDialect(simulator);
  // Neither right nor wrong: whose the account is stays open.
  await addFault(simulator, {
    match: { method: "POST", path: paths.token, email: EXAMPLES.stuck.email },
    times: "always",
    action: { status: 423, body: { message: "The account is locked" } },
  });
  await addFault(simulator, {
    match: { method: "POST", path: paths.users, email: EXAMPLES.failing.email },
    times: "always",
    action: { status: 422, body: { message: "This e-mail cannot be used" } },
  });
  // In a dialect that tells the role in a body only, there is no such user.
  if (!paths.attachRole.includes("{roleId}")) return;
  const [start, end] = paths.attachRole.replace("{roleId}", MISSING_ROLE).split("{userId}").map(literally);
  await addFault(simulator, {
    match: { method: attachRole.method, path: { regex: end === undefined ? start : `^${start}[^/]+${end}$` } },
    times: "always",
    action: { status: 404, body: { message: "No such role" } },
  });
}

/**
 * Brings them into their states, as the days before would have. The others of the demo wait for the cron trigger.
 * @param {import("./run-file.mjs").Running} running
 * @param {import("./admin.mjs").Access} access
 */
export async function bringIntoStates(running, access) {
  await step("bringing the demo's stuck users into their states", async () => {
    // A person whose token has no e-mail cannot show that the account there is theirs.
    const token = await mintToken(running, { sub: EXAMPLES.stuck.uuid }, 600);
    await call(access, "GET", `/users/${EXAMPLES.stuck.uuid}/3deye-credentials`, { authorization: `Bearer ${token}` });
    const pair = { "x-admin-api-key": access.adminKey, authorization: `Bearer ${access.adminToken}` };
    await call(access, "POST", `/admin/threedeye/users/${EXAMPLES.attaching.uuid}/reset`, pair, {
      deleteRemote: true,
      preserveRoles: true,
      reprovision: true,
    });
    await call(access, "POST", `/admin/backfill-threedeye?limit=${STUCK.length}`, pair);
  });
}

/**
 * Most of these calls fail, as they are meant to; what came of them, the console shows.
 * @param {import("./admin.mjs").Access} access
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {object} [body]
 */
async function call({ worker }, method, path, headers, body) {
  const response = await fetch(worker + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await response.arrayBuffer();
}

/** A text as a regular expression. @param {string} text */
const literally = (text) => text.replace(/[^\w-]/g, "\\$&");
