// Cloudflare's cron trigger, played locally: at every quarter of an hour.

import { say } from "./say.mjs";

const EVERY_MS = 15 * 60_000;

/** One scheduled run, now. @param {string} worker its address */
export async function triggerCron(worker) {
  try {
    const response = await fetch(`${worker}/cdn-cgi/handler/scheduled`, { signal: AbortSignal.timeout(EVERY_MS) });
    if (!response.ok) say(`  The scheduled run answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  } catch (error) {
    say(`  The scheduled run failed: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} worker */
export function runCron(worker) {
  const next = () => setTimeout(tick, EVERY_MS - (Date.now() % EVERY_MS));
  async function tick() {
    next();
    await triggerCron(worker);
  }
  next();
}
