// The built Worker: is it of these sources, and is it small enough?

import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { isOfTheseSources, PRODUCTS } from "../tooling/fingerprint.mjs";
import { inRoot } from "../tooling/paths.mjs";
import { Commands } from "./commands.mjs";
import { ok, problem, unseen, warning } from "./finding.mjs";

/** @typedef {import("./finding.mjs").Finding} Finding */

/** What is sent to Cloudflare. */
const MODULES = ["worker.js", "index_bg.wasm"];

/** Of the Worker after gzip, https://developers.cloudflare.com/workers/platform/limits/#worker-size */
const MOST_BYTES = { paid: 10 * 2 ** 20, free: 3 * 2 ** 20 };

/**
 * @param {string} [folder]
 * @returns {{build?: string, findings: Finding[]}} the folder, if there is a build in it
 */
export function checkBuild(folder = "build") {
  const command = new Commands({}).build();
  if (!MODULES.every((name) => existsSync(inRoot(folder, name)))) {
    return { findings: [unseen("build.present", "the Worker is not built, so its size cannot be seen", command)] };
  }
  const isFresh = isOfTheseSources(PRODUCTS.worker) && isOfTheseSources(PRODUCTS.console);
  const freshness = isFresh
    ? ok("build.present", "of these sources")
    : warning("build.present", "build/ was made from other sources than these", command);
  const bytes = MODULES.reduce((sum, name) => sum + gzipSync(readFileSync(inRoot(folder, name)), { level: 9 }).length, 0);
  return { build: folder, findings: [freshness, checkSize(bytes)] };
}

/** @param {number} bytes after gzip @returns {Finding} */
export function checkSize(bytes) {
  const seen = `${(bytes / 2 ** 20).toFixed(2)} MiB after gzip`;
  if (bytes > MOST_BYTES.paid)
    return problem("build.size", `${seen}, more than the 10 MiB that Cloudflare takes`, "npm run size");
  if (bytes > MOST_BYTES.free)
    return warning("build.size", `${seen}, more than the 3 MiB of the Workers Free plan`, "npm run size");
  return ok("build.size", `${seen}; the limit is 3 MiB on the Free plan, 10 MiB on the Paid plan`);
}
