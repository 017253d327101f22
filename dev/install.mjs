// Installs the npm packages of this checkout, or of the folders named, where they are missing or
// differ from the lock file. Every npm script runs it first, on whatever Node is there and before
// any package is, so it imports nothing but Node's own modules.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DEV = join(ROOT, ".dev");
const STAMP = join("node_modules", ".installed-from");

/** @param {string} message @param {string} [hint] @returns {never} */
function fail(message, hint = "") {
  console.error(`\n✗ ${message}`);
  if (hint) console.error(`  ${hint}`);
  process.exit(1);
}

function checkNode() {
  if (process.platform === "win32") fail("Windows itself is not supported", "Use WSL: inside it everything works as on Linux.");
  if (Number.parseInt(process.versions.node, 10) < 20) {
    fail(
      `Node ${process.versions.node} is too old`,
      "Install Node 20 or newer; the one that the tools run on comes with the npm packages.",
    );
  }
}

/** What is installed depends on the lock file and the machine. @param {string} folder */
function wanted(folder) {
  const hash = createHash("sha256").update(readFileSync(join(folder, "package-lock.json")));
  return hash.update(`${process.platform} ${process.arch}`).digest("hex");
}

/** @param {string} folder */
function isInstalled(folder) {
  const stamp = join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wanted(folder);
}

// Installed aside and then moved into place: an interrupted installation leaves nothing half done,
// and two at once do not write into the same folder.
/** @param {string} folder */
function install(folder) {
  const began = performance.now();
  console.error(
    `▸ npm ci (${folder === resolve(ROOT) ? "package-lock.json" : `${folder.slice(ROOT.length)}/package-lock.json`})`,
  );
  mkdirSync(DEV, { recursive: true });
  const aside = mkdtempSync(join(DEV, "npm-"));
  process.on("exit", () => rmSync(aside, { recursive: true, force: true }));
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(folder, name), join(aside, name));
  cpSync(join(ROOT, ".npmrc"), join(aside, ".npmrc"));
  npmCi(aside);
  writeFileSync(join(aside, STAMP), wanted(folder));
  if (isInstalled(folder)) return; // another process was quicker
  const present = join(folder, "node_modules");
  if (existsSync(present)) renameSync(present, join(aside, "node_modules.old"));
  renameSync(join(aside, "node_modules"), present);
  console.error(`  ✓ npm ci (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** @param {string} folder */
function npmCi(folder) {
  // Without node_modules/.bin on the path: npm must not run on the Node that it replaces.
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.endsWith("node_modules/.bin"));
  const env = { ...process.env, PATH: path.join(delimiter) };
  // --include=dev: also where NODE_ENV=production would leave the tools out.
  const { status, error, stdout, stderr } = spawnSync("npm", ["ci", "--include=dev"], { cwd: folder, env, encoding: "utf8" });
  if (status !== 0) {
    console.error(`${stdout ?? ""}${stderr ?? ""}`.trimEnd());
    fail(error ? `npm could not be started: ${error.message}` : "npm ci failed");
  }
  const { devDependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if ("node" in devDependencies && !existsSync(join(folder, "node_modules", "node", "bin", "node"))) {
    fail(
      "npm ci left out the binary of node",
      "Are install scripts disabled (npm config get ignore-scripts)? package.json allows those that are needed.",
    );
  }
}

process.on("SIGINT", () => process.exit(130));
checkNode();
const folders = process.argv.length > 2 ? process.argv.slice(2) : [ROOT];
for (const folder of folders.map((name) => resolve(name))) if (!isInstalled(folder)) install(folder);
