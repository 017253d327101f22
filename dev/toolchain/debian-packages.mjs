// apt-get, as root or through sudo without a question.

import { existsSync } from "node:fs";
import { run } from "../tooling/run.mjs";

/** apt-get is there and may be used without a password. */
export function debianPossible() {
  return existsSync("/usr/bin/apt-get") && (isRoot() || existsSync("/usr/bin/sudo"));
}

/**
 * Some foreign source in the list may be out of order; whether ours is, the installation tells.
 * @param {{latest: string}} progress
 */
export async function updateDebianLists(progress) {
  await asRoot(["apt-get", "update", ...GIVE_UP_SOON], { log: "apt", progress }).catch(() => {});
}

/** @param {string[]} packages @param {{latest: string}} progress @param {string} [instead] what to do where it fails */
export async function installDebianPackages(packages, progress, instead = "") {
  const waitForOthers = ["-o", "DPkg::Lock::Timeout=120"];
  const options = ["-y", "--no-install-recommends", ...waitForOthers, ...GIVE_UP_SOON];
  await asRoot(["apt-get", "install", ...options, ...packages], { log: "apt", append: true, progress, hint: instead });
}

/** A mirror that is out of reach is not waited for again and again. */
const GIVE_UP_SOON = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15"];

const isRoot = () => process.getuid?.() === 0;

/** @param {string[]} command @param {import("../tooling/run.mjs").RunOptions} options */
export async function asRoot(command, { hint = "", ...options }) {
  const [program = "", ...args] = isRoot() ? command : ["sudo", "-n", ...command];
  return run(program, args, {
    ...options,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    hint: `It must run as root without a question. ${hint}`.trimEnd(),
  });
}
