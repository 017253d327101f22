// How wrangler is called: by the packages' own Node, offline, and quiet about itself.

import { NODE, WRANGLER } from "./node-modules.mjs";
import { inRoot, LOGS } from "./paths.mjs";
import { run } from "./run.mjs";

/** Local data: D1, queues. Kept from one start to the next. */
export const STATE = inRoot(".wrangler", "state");

/** For wrangler, and for tests that use it as a library. @returns {NodeJS.ProcessEnv} */
export function wranglerEnv() {
  return {
    ...process.env,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: LOGS,
    CLOUDFLARE_CF_FETCH_ENABLED: "false", // no attempt to fetch a sample of `request.cf`
  };
}

/** @param {string[]} args @param {import("./run.mjs").RunOptions} [options] */
export const wrangler = (args, options) => run(NODE, [WRANGLER, ...args], { ...options, env: wranglerEnv() });
