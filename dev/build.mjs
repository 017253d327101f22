// `npm run build`, and wrangler's build command: the crate into build/, unless
// what is there was built from the same sources.

import { join } from "node:path";
import { ensureToolchain } from "./setup.mjs";
import { isUpToDate, remember } from "./tooling/fingerprint.mjs";
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
    if (isUpToDate(compiler)) return "up to date";
    const done = remember(compiler);
    await step("building the Worker", async (progress) => {
      const env = { ...toolchain.wasmEnv, RUST_BACKTRACE: "0", CARGO_TERM_COLOR: "never" };
      await run(toolchain.workerBuild, ["--release"], { env, log: "build", progress, excerpt: compilerErrors });
      await putEntryInFront();
    });
    done();
    return "built";
  });
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
    say(outcome === "built" ? "The Worker is in build/." : "The Worker in build/ is up to date.");
  });
}
