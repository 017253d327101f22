// worker-build and the wasm-bindgen CLI: on the path in the right version, or
// compiled once into the user's cache.

import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOOLS } from "../tooling/paths.mjs";
import { attempt, run } from "../tooling/run.mjs";
import { Failure, step } from "../tooling/say.mjs";
import { withScratch } from "./scratch.mjs";

/** @typedef {{crate: string, binary: string, version: string}} Tool */

/** @param {Tool} tool */
const home = (tool) => join(TOOLS, `${tool.binary}-${tool.version}`);

/**
 * Finds a tool without installing anything.
 * @param {Tool} tool
 * @returns {Promise<string | undefined>} its executable
 */
export async function findTool(tool) {
  const cached = join(home(tool), "bin", tool.binary);
  if (existsSync(cached)) return cached;
  const { code, stdout } = await attempt(tool.binary, ["--version"]);
  return code === 0 && stdout.trim().split(/\s+/).includes(tool.version) ? tool.binary : undefined;
}

/**
 * Compiles tools into the cache. A debug build compiles four times as fast as a
 * release build and is quick enough for what they do; debug information would
 * only make it slower. One after the other they share the crates both need.
 * @param {Tool[]} tools
 * @param {NodeJS.ProcessEnv} env with the cargo to use first on the path
 */
export async function installTools(tools, env) {
  if (tools.length === 0) return;
  const names = tools.map((tool) => `${tool.crate} ${tool.version}`).join(" and ");
  await withScratch((scratch) =>
    step(`compiling ${names} (once per machine, some minutes)`, async (progress) => {
      for (const tool of tools) await install(tool, scratch, env, progress);
    }),
  );
}

/** @param {Tool} tool @param {string} scratch @param {NodeJS.ProcessEnv} env @param {{latest: string}} progress */
async function install(tool, scratch, env, progress) {
  const root = join(scratch, tool.binary);
  const args = ["install", "--debug", "--locked", `${tool.crate}@${tool.version}`, "--root", root];
  await run("cargo", [...args, "--target-dir", join(scratch, "target")], {
    log: `install-${tool.binary}`,
    cwd: scratch, // not our checkout: its cargo configuration is none of the tool's business
    env: { ...env, CARGO_PROFILE_DEV_DEBUG: "0", CARGO_INCREMENTAL: "0" },
    progress,
    hint: "It needs Rust's package registry, a C compiler, pkg-config and OpenSSL's headers (Debian: gcc pkg-config libssl-dev).",
  });
  // Only a complete installation ever gets its final name.
  rmSync(home(tool), { recursive: true, force: true });
  renameSync(root, home(tool));
  if (!existsSync(join(home(tool), "bin", tool.binary))) throw new Failure(`${tool.crate} installed no ${tool.binary}`);
}
