// A Python as old as some published packages, and such packages in the user's cache.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withScratch } from "../toolchain/scratch.mjs";
import { TOOLS } from "./paths.mjs";
import { attempt, run } from "./run.mjs";

/** @typedef {{command: string, version: string}} Python */

/**
 * Looks at $PYTHON, on the path, and at what pyenv has.
 * @param {string[]} versions that will do, the best first: "3.7"
 * @returns {Promise<Python | undefined>} one that has pip
 */
export async function findPython(versions) {
  const names = ["python", ...versions.map((version) => `python${version}`)];
  /** @type {Python[]} */
  const found = [];
  for (const command of [process.env.PYTHON ?? [], ...names, ...pyenvPythons()].flat()) {
    const { code, stdout } = await attempt(command, ["-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"]);
    if (code === 0) found.push({ command, version: stdout.trim() });
  }
  return versions.map((version) => found.find((python) => python.version === version)).find(Boolean);
}

function pyenvPythons() {
  const versions = join(process.env.PYENV_ROOT || join(homedir(), ".pyenv"), "versions");
  return existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, "bin", "python")) : [];
}

/**
 * Installs packages once per machine.
 * @param {Python} python
 * @param {string} command a line of shell that calls pip of $PYTHON
 * @param {{latest: string}} progress
 * @returns {Promise<string>} the folder they are in, for PYTHONPATH
 */
export async function installPackages(python, command, progress) {
  const what = createHash("sha256").update(command).digest("hex").slice(0, 12);
  const home = join(TOOLS, `python${python.version}-${what}`);
  if (existsSync(home)) return home;
  await withScratch(async (scratch) => {
    const target = join(scratch, "packages");
    await run("sh", ["-c", command], {
      log: `pip-python${python.version}`,
      env: { ...process.env, PYTHON: python.command, PIP_TARGET: target, PIP_NO_INPUT: "1" },
      progress,
      hint: "It needs Python's package registry.",
    });
    // Only a complete installation ever gets its final name.
    renameSync(target, home);
  });
  return home;
}
