// How wrangler is called: offline, and quiet about itself.

import { inRoot, LOGS } from "./paths.mjs";
import { run } from "./run.mjs";

export const WRANGLER = inRoot("node_modules", "wrangler", "bin", "wrangler.js");

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
export const wrangler = (args, options) => run(process.execPath, [WRANGLER, ...args], { ...options, env: wranglerEnv() });
