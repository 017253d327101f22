// npm's packages: installed when they are missing or differ from the lock file,
// and the Node 22 that is one of them.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { whenParentIsGone } from "./parent.mjs";
import { inRoot } from "./paths.mjs";
import { run } from "./run.mjs";
import { Failure, step } from "./say.mjs";

const MODULES = inRoot("node_modules");
const STAMP = inRoot("node_modules", ".installed-from");

/** The Node of package.json; wrangler wants 22.12 or newer, whatever started us. */
export const NODE = inRoot("node_modules", "node", "bin", "node");
export const WRANGLER = inRoot("node_modules", "wrangler", "bin", "wrangler.js");

const [MAJOR = 0, MINOR = 0] = process.versions.node.split(".").map(Number);

/** The scripts that run before `npm ci` need this much of whatever Node is there. */
export function checkNode() {
  if (process.platform === "win32") {
    throw new Failure("Windows itself is not supported", { hint: "Use WSL: inside it everything works as on Linux." });
  }
  if (MAJOR < 20) {
    throw new Failure(`Node ${process.versions.node} is too old`, {
      hint: "Install Node 20 or newer; the Node 22 that the tools need then comes with the npm packages.",
    });
  }
}

export async function ensureNodeModules() {
  const wanted = lockHash();
  if (complete() && (read(STAMP) === wanted || installedEqualsLock())) {
    if (read(STAMP) !== wanted) writeFileSync(STAMP, wanted);
    return;
  }
  await step("npm ci (the JavaScript tools of package-lock.json)", async (progress) => {
    // --include=dev: also where NODE_ENV=production would leave out what we are made of.
    await run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], { log: "npm-ci", env: npmEnv(), progress });
  });
  if (!complete()) {
    throw new Failure("npm ci left out the binaries of esbuild, workerd or node", {
      log: ".dev/logs/npm-ci.log",
      hint: "Are install scripts disabled (npm config get ignore-scripts)? package.json allows them for these three.",
    });
  }
  writeFileSync(STAMP, wanted);
}

// Without node_modules/.bin on the path: npm must not run on the Node it is about to replace.
function npmEnv() {
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.endsWith("node_modules/.bin"));
  return { ...process.env, PATH: path.join(delimiter) };
}

// An interrupted install and one without install scripts both fail here.
function complete() {
  return [NODE, WRANGLER, inRoot("node_modules", "esbuild", "bin", "esbuild")].every(existsSync);
}

function lockHash() {
  const hash = createHash("sha256").update(readFileSync(inRoot("package-lock.json")));
  return hash.update(`${process.platform} ${process.arch}`).digest("hex");
}

// A plain `npm install` by hand leaves no stamp of ours, but npm's own record of what it put there.
function installedEqualsLock() {
  try {
    const wanted = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")).packages;
    const present = JSON.parse(readFileSync(`${MODULES}/.package-lock.json`, "utf8")).packages;
    const names = Object.keys(wanted).filter((name) => name && (!wanted[name].optional || present[name]));
    return (
      names.every((name) => present[name]?.version === wanted[name].version) &&
      Object.keys(present).every((name) => wanted[name])
    );
  } catch {
    return false;
  }
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/**
 * Goes on under the packages' own Node if this one is too old for wrangler.
 * @returns {Promise<boolean>} true: another process did the work, nothing is left to do
 */
export async function handOverToNewerNode() {
  if (MAJOR > 22 || (MAJOR === 22 && MINOR >= 12)) return false;
  const env = { ...process.env, SPKEY_PARENT: String(process.pid), SPKEY_BEGAN: String(performance.timeOrigin) };
  const child = spawn(NODE, process.argv.slice(1), { stdio: "inherit", env });
  // Ctrl-C reaches both of us: the child sees to its children, we wait for it. What reaches only us is passed on.
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", () => {});
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  whenParentIsGone(() => child.kill("SIGTERM"));
  process.exitCode = await new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
  return true;
}
