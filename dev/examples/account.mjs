// The way to a second factor of docs/API.md, word for word: a person turns it on,
// the sign-in service has a code checked.

import { EXAMPLES } from "../seed.mjs";
import { manage } from "../tooling/admin.mjs";
import { Failure, say, step } from "../tooling/say.mjs";
import { mintToken } from "../tooling/simulator.mjs";
import { API, output, readBlocks } from "./blocks.mjs";
import { supportAccess } from "./support.mjs";

const CHAPTER = "### Turn on a second factor";
const TOKEN_LIFETIME_S = 600;

/** @typedef {import("../tooling/run-file.mjs").Running} Running */

/** @param {Running} running */
export async function tryAccount(running) {
  const only = readBlocks(API, CHAPTER);
  const { uuid } = EXAMPLES.careful;
  const access = await supportAccess(running, TOKEN_LIFETIME_S);
  const key = await manage(access, "POST", "/admin/api-keys", { scopes: ["user:verify"], label: "npm run examples" });
  if (key.status !== 201) throw new Failure(`The Worker refuses an API key: ${key.status} ${key.body.message}`);
  const env = {
    ...process.env,
    BASE: running.worker,
    PERSON: uuid,
    PERSON_JWT: await mintToken(running, { sub: uuid }, TOKEN_LIFETIME_S),
    VERIFY_KEY: key.body.key,
  };
  try {
    const codes = await step("a second factor: curl", () => enrol(only("sh", "two_factor_start_setup"), env));
    await step("a second factor: JavaScript", () => verify(only("js", "two_factor_verify"), { ...env, CODE: codes[0] }));
  } finally {
    await turnOff(running);
    await manage(access, "DELETE", `/admin/api-keys/${key.body.id}`);
  }
  say("It was turned on, and a backup code was good once.");
}

/** @param {string} code @param {NodeJS.ProcessEnv} env @returns {Promise<string[]>} the backup codes */
async function enrol(code, env) {
  const printed = await output("sh", ["-c", code], env);
  const codes = printed.match(/[a-z2-7]{4}(-[a-z2-7]{4}){3}/g) ?? [];
  if (new Set(codes).size !== 10) throw new Failure("It printed no ten backup codes", { tail: printed });
  if (!printed.includes('"is_enabled":true')) throw new Failure("No second factor is on", { tail: printed });
  return codes;
}

/** @param {string} code @param {NodeJS.ProcessEnv} env */
async function verify(code, env) {
  for (const expected of ["backup_code", "token_invalid"]) {
    const printed = await output(process.execPath, ["--input-type=module", "--eval", code], env);
    if (!printed.startsWith(expected)) throw new Failure(`It did not print ${expected}`, { tail: printed });
  }
}

/** A sign-in with a second factor proves it. @param {Running} running */
async function turnOff(running) {
  const token = await mintToken(running, { sub: EXAMPLES.careful.uuid, [running.tokens.amrClaim]: ["mfa"] }, TOKEN_LIFETIME_S);
  const response = await fetch(`${running.worker}/api/users/@me/two_factor_disable`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Failure(`It cannot be turned off: ${response.status} ${await response.text()}`);
}
