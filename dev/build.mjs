// `npm run build`, and wrangler's build command: the crate into build/, unless
// what is there was built from the same sources.

import { join } from "node:path";
import { ensureToolchain } from "./setup.mjs";
import { isUpToDate, remember } from "./tooling/fingerprint.mjs";
import { isMain } from "./tooling/is-main.mjs";
import { withLock } from "./tooling/lock.mjs";
import { DEV } from "./tooling/paths.mjs";
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
    });
    done();
    return "built";
  });
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const outcome = await build(await ensureToolchain());
    say(outcome === "built" ? "The Worker is in build/." : "The Worker in build/ is up to date.");
  });
}
