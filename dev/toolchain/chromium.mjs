// The browser for the console's tests: your own, else Debian's.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { attempt } from "../tooling/run.mjs";
import { Failure, step } from "../tooling/say.mjs";
import { debianPossible, installDebianPackages, updateDebianLists } from "./debian-packages.mjs";

const NAMES = ["chromium", "google-chrome", "chrome"];

/** How long one may take to tell its version. */
const STARTUP_LIMIT_MS = 30_000;

/** @typedef {{command: string} | {missing: string}} Chromium a path, or the reason why there is none */

/** $CHROMIUM where it is set, else what is on the path. @returns {Promise<Chromium>} */
export async function findChromium({ CHROMIUM, PATH = "" } = process.env) {
  for (const command of CHROMIUM ? [CHROMIUM] : NAMES.flatMap((name) => onPath(name, PATH))) {
    // Some distributions have a package of this name that only says where else to look.
    const { code } = await attempt(command, ["--version"], { timeoutMs: STARTUP_LIMIT_MS });
    if (code === 0) return { command };
  }
  return { missing: CHROMIUM ? `CHROMIUM=${CHROMIUM} does not start` : `there is no ${NAMES.join(", ")}` };
}

/** @param {string} name @param {string} path */
const onPath = (name, path) =>
  path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((file) => existsSync(file));

/** @returns {Promise<Chromium>} */
export async function ensureChromium() {
  const present = await findChromium();
  if ("command" in present || process.env.CHROMIUM) return present;
  if (!debianPossible()) return { missing: `${present.missing}, and no apt-get that may be used (CHROMIUM=… says where one is)` };
  try {
    await step("apt-get install chromium", async (progress) => {
      await updateDebianLists(progress);
      await installDebianPackages(["chromium"], progress);
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { missing: `${present.missing}, and ${error.message}; see .dev/logs/apt.log` };
  }
  return findChromium();
}
