// Makes a machine ready to build and test: a Rust that compiles to Wasm, the
// two tools that post-process the result, and a browser for the console's tests. Each part is left alone when it is
// there already; nothing asks a question.

import { delimiter, join } from "node:path";
import { findTool, installTools } from "./toolchain/cargo-tools.mjs";
import { ensureChromium } from "./toolchain/chromium.mjs";
import { debianPossible } from "./toolchain/debian-packages.mjs";
import { debianRustPath, installDebianRust } from "./toolchain/debian-rust.mjs";
import { minimumRust, rustIsNewEnough, toolVersions } from "./toolchain/rust-versions.mjs";
import { clearScratch } from "./toolchain/scratch.mjs";
import { findWasmToolchain, installWasmToolchain } from "./toolchain/wasm-target.mjs";
import { withLock } from "./tooling/lock.mjs";
import { inRoot, TOOLS } from "./tooling/paths.mjs";
import { attempt } from "./tooling/run.mjs";
import { Failure, runMain, say, seconds } from "./tooling/say.mjs";

/**
 * @typedef {object} Toolchain
 * @property {NodeJS.ProcessEnv} nativeEnv for cargo on this machine: clippy, tests
 * @property {NodeJS.ProcessEnv} wasmEnv for worker-build, and cargo with the Wasm target
 * @property {string} workerBuild its executable
 */

/** @returns {Promise<Toolchain>} */
export async function ensureToolchain() {
  const rust = await ensureRust();
  return {
    nativeEnv: rust.nativeEnv,
    workerBuild: rust.tools.workerBuild,
    wasmEnv: {
      ...rust.wasmEnv,
      // Given these, worker-build downloads nothing. wasm-opt of npm is a script: it wants a node on the path.
      PATH: [rust.wasmEnv.PATH, inRoot("node_modules", ".bin")].join(delimiter),
      WASM_BINDGEN_BIN: rust.tools.wasmBindgen,
      WASM_OPT_BIN: inRoot("node_modules", "binaryen", "bin", "wasm-opt"),
      ESBUILD_BIN: inRoot("node_modules", "esbuild", "bin", "esbuild"),
    },
  };
}

async function ensureRust() {
  const present = await findRust();
  if (present.complete) return present.complete;
  // Another checkout may be setting up the same user's tools just now: look again once it is our turn.
  const waiting = () => say("  … another process sets up the Rust tools, waiting for it");
  return withLock(join(TOOLS, "setup.lock"), { waiting }, installMissing);
}

/** What is there; `complete` when nothing is missing. */
async function findRust() {
  const [native, wasm, tools] = await Promise.all([findNativeEnv(), findWasmToolchain(), findTools()]);
  const { workerBuild, wasmBindgen } = tools;
  const complete =
    native && wasm && workerBuild && wasmBindgen
      ? { nativeEnv: native, wasmEnv: wasm.env, tools: { workerBuild, wasmBindgen } }
      : undefined;
  return { native, wasm, tools, complete };
}

async function installMissing() {
  clearScratch();
  let found = await findRust();
  if (!found.native && !found.wasm) {
    if (!debianPossible()) {
      throw new Failure(`Rust ${minimumRust()} or newer is not installed`, { hint: "Install it with rustup: https://rustup.rs" });
    }
    await installDebianRust();
    found = await findRust();
  }
  const { workerBuild, wasmBindgen } = toolVersions();
  const missing = [];
  if (!found.tools.workerBuild) missing.push(tool("worker-build", "worker-build", workerBuild));
  if (!found.tools.wasmBindgen) missing.push(tool("wasm-bindgen-cli", "wasm-bindgen", wasmBindgen));
  await Promise.all([found.wasm ?? installWasmToolchain(), installTools(missing, found.native ?? process.env)]);
  found = await findRust();
  if (!found.complete) throw new Failure("The Rust tools are still not complete after installing them");
  return found.complete;
}

async function findTools() {
  const versions = toolVersions();
  const [workerBuild, wasmBindgen] = await Promise.all([
    findTool(tool("worker-build", "worker-build", versions.workerBuild)),
    findTool(tool("wasm-bindgen-cli", "wasm-bindgen", versions.wasmBindgen)),
  ]);
  return { workerBuild, wasmBindgen };
}

/** @param {string} crate @param {string} binary @param {string} version */
const tool = (crate, binary, version) => ({ crate, binary, version });

/** The developer's own cargo if it is new enough, or else Debian's. @returns {Promise<NodeJS.ProcessEnv | undefined>} */
async function findNativeEnv() {
  const path = debianRustPath();
  const debian = path ? { ...process.env, PATH: `${path}${delimiter}${process.env.PATH ?? ""}` } : undefined;
  for (const env of [process.env, debian]) {
    if (env && (await rustIsNewEnough(env)) && (await attempt("cargo", ["--version"], { env })).code === 0) return env;
  }
  return undefined;
}

if (import.meta.main) {
  await runMain(async () => {
    const began = performance.now();
    await ensureToolchain();
    const chromium = await ensureChromium();
    if ("missing" in chromium) say(`The console's tests will be skipped: ${chromium.missing}`);
    say(`Everything is set up (${seconds(began)}).`);
  });
}
