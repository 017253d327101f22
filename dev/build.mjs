// `npm run build`, and wrangler's build command: the crate and the console into build/, each unless
// what is there was built from the same sources.

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { ensureToolchain } from "./setup.mjs";
import { buildConsole } from "./tooling/console.mjs";
import { isUpToDate, PRODUCTS, remember } from "./tooling/fingerprint.mjs";
import { withLock } from "./tooling/lock.mjs";
import { DEV, inRoot } from "./tooling/paths.mjs";
import { attempt, compilerErrors, run } from "./tooling/run.mjs";
import { runMain, say, step } from "./tooling/say.mjs";

/** @param {import("./setup.mjs").Toolchain} toolchain @returns {Promise<"built" | "up to date">} */
export async function build(toolchain) {
  const { stdout } = await attempt("rustc", ["-vV"], { env: toolchain.wasmEnv });
  const compiler = `${stdout}${toolchain.workerBuild}`;
  const waiting = () => say("  … another process builds the Worker, waiting for it");
  return withLock(join(DEV, "build.lock"), { waiting }, async () => {
    const worker = await buildWorker(toolchain, compiler);
    // After the Worker, whose build empties the folder. Alone it takes a fraction of a second.
    const console = await buildConsoleIfChanged();
    return worker || console ? "built" : "up to date";
  });
}

/** @param {import("./setup.mjs").Toolchain} toolchain @param {string} compiler @returns {Promise<boolean>} */
async function buildWorker(toolchain, compiler) {
  if (isUpToDate(PRODUCTS.worker, compiler)) return false;
  const done = remember(PRODUCTS.worker, compiler);
  await step("building the Worker", async (progress) => {
    const env = { ...toolchain.wasmEnv, RUST_BACKTRACE: "0", CARGO_TERM_COLOR: "never" };
    await run(toolchain.workerBuild, ["--release"], { env, log: "build", progress, excerpt: compilerErrors });
    await putEntryInFront();
    await stripNames(toolchain);
  });
  done();
  return true;
}

/** @returns {Promise<boolean>} */
async function buildConsoleIfChanged() {
  if (isUpToDate(PRODUCTS.console, "")) return false;
  const done = remember(PRODUCTS.console, "");
  await buildConsole();
  done();
  return true;
}

/** Names of functions are an eighth of what is sent to Cloudflare. `build/symbols` keeps them, to read a panic's trace with. @param {import("./setup.mjs").Toolchain} toolchain */
async function stripNames({ wasmEnv }) {
  const [wasm, symbols] = [inRoot("build", "index_bg.wasm"), inRoot("build", "symbols")];
  mkdirSync(symbols, { recursive: true });
  renameSync(wasm, join(symbols, "index_bg.wasm"));
  const args = [join(symbols, "index_bg.wasm"), "--strip-debug", "--output", wasm];
  await run(wasmEnv.WASM_OPT_BIN ?? "wasm-opt", args, { env: wasmEnv, log: "build" });
}

/** What worker-build made, behind the entry of our own: `build/worker.js`. */
async function putEntryInFront() {
  const { build: bundle } = await import("esbuild"); // comes with the packages
  await bundle({
    entryPoints: [inRoot("src/platform/events/worker.js")],
    outfile: inRoot("build/worker.js"),
    bundle: true,
    minify: true,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*", "*.wasm"],
    logLevel: "warning",
  });
}

if (import.meta.main) {
  await runMain(async () => {
    const outcome = await build(await ensureToolchain());
    say(outcome === "built" ? "The Worker and the console are in build/." : "What is in build/ is up to date.");
  });
}
