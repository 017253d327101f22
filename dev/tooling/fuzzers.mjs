// Builds and runs the targets in fuzz/ with the compiler that is there: the
// flags are those of cargo-fuzz, none of them needs a nightly Rust.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { debianPossible, installDebianPackages } from "../toolchain/debian-packages.mjs";
import { DEV, inRoot, ROOT } from "./paths.mjs";
import { attempt, compilerErrors, run } from "./run.mjs";
import { Failure, step } from "./say.mjs";

/** Counts the edges an input reaches, and tells the engine what it is compared with. */
const COVERAGE = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Cllvm-args=-simplifycfg-branch-fold-threshold=0", // branches stay apart, so that each counts
  "--cfg fuzzing",
];

/** The crate is a dynamic library too, which macOS will not link without the engine's symbols. */
const MACOS = ["-Clink-arg=-Wl,-undefined,dynamic_lookup"];

/** An input that takes longer is a finding. */
const SECONDS_PER_INPUT = 10;

/** @typedef {{executable: (target: string) => string}} Fuzzers */
/** @typedef {{ok: boolean, inputs: number, output: string, artifact?: string}} Outcome */

/** The names of all targets. */
export function fuzzTargets() {
  const files = readdirSync(inRoot("fuzz", "fuzz_targets"));
  return files
    .filter((name) => name.endsWith(".rs"))
    .map((name) => name.slice(0, -".rs".length))
    .sort();
}

/**
 * @param {NodeJS.ProcessEnv} nativeEnv
 * @param {{latest: string}} progress
 * @returns {Promise<Fuzzers>}
 */
export async function buildFuzzers(nativeEnv, progress) {
  await ensureCxx(nativeEnv);
  const { stdout } = await run("rustc", ["-vV"], { env: nativeEnv });
  const host = stdout.match(/^host: (\S+)/m)?.[1] ?? "";
  const flags = process.platform === "darwin" ? [...COVERAGE, ...MACOS] : COVERAGE;
  const { CARGO_ENCODED_RUSTFLAGS: _, ...env } = nativeEnv;
  const folder = inRoot("fuzz", "target");
  // Given a target, cargo keeps the flags away from build scripts and macros.
  const args = ["build", "--release", "--locked", "--bins", "--target", host, "--target-dir", folder];
  await run("cargo", [...args, "--manifest-path", inRoot("fuzz", "Cargo.toml")], {
    env: { ...env, RUSTFLAGS: flags.join(" "), CARGO_TERM_COLOR: "never" },
    log: "fuzz-build",
    progress,
    excerpt: compilerErrors,
    hint: "If Cargo.toml has changed: cargo update --workspace --manifest-path fuzz/Cargo.toml",
  });
  return { executable: (target) => join(folder, host, "release", target) };
}

/**
 * Lets a target look for inputs that break a promise, starting from the committed corpus.
 * @param {Fuzzers} fuzzers
 * @param {string} target
 * @param {{seconds: number, fresh: boolean, progress?: {latest: string}}} options `fresh`: forget what earlier runs found
 * @returns {Promise<Outcome>}
 */
export async function fuzz(fuzzers, target, { seconds, fresh, progress }) {
  const found = join(DEV, fresh ? "fuzz-brief" : "fuzz", target);
  const artifacts = inRoot("fuzz", "artifacts", target);
  if (fresh) rmSync(found, { recursive: true, force: true });
  mkdirSync(found, { recursive: true });
  mkdirSync(artifacts, { recursive: true });
  // New inputs go to the first folder: the committed corpus is only read.
  return outcome(
    await attempt(
      fuzzers.executable(target),
      [
        `-max_total_time=${seconds}`,
        `-timeout=${SECONDS_PER_INPUT}`,
        `-dict=${inRoot("fuzz", "dictionaries", `${target}.dict`)}`,
        `-artifact_prefix=${artifacts}/`,
        found,
        inRoot("fuzz", "corpus", target),
      ],
      { log: `fuzz-${target}`, progress },
    ),
  );
}

/** Runs a target over one input. @param {Fuzzers} fuzzers @param {string} target @param {string} input */
export async function replay(fuzzers, target, input) {
  const args = [`-timeout=${SECONDS_PER_INPUT}`, input];
  return outcome(await attempt(fuzzers.executable(target), args, { log: `fuzz-${target}` }));
}

/** How to see a finding again. @param {string} target @param {Outcome} outcome */
export const replayCommand = (target, { artifact }) =>
  artifact ? `npm run fuzz ${target} ${artifact}` : `see .dev/logs/fuzz-${target}.log`;

/** @param {{code: number | null, output: string}} result @returns {Outcome} */
function outcome({ code, output }) {
  const artifact = output.match(/Test unit written to (\S+)/)?.[1];
  return {
    ok: code === 0,
    inputs: Number(output.match(/^Done (\d+) runs/m)?.[1] ?? 0),
    output,
    ...(artifact ? { artifact: relative(ROOT, artifact) } : {}),
  };
}

/** The engine is compiled from C++. @param {NodeJS.ProcessEnv} env */
async function ensureCxx(env) {
  const exists = async () => (await attempt(env.CXX || "c++", ["--version"], { env })).code === 0;
  if (await exists()) return;
  if (debianPossible()) await step("apt-get install a C++ compiler", (progress) => installDebianPackages(["g++"], progress));
  if (await exists()) return;
  throw new Failure("There is no C++ compiler, which the fuzzing engine is built with", {
    hint: "Debian: apt-get install g++. macOS: xcode-select --install.",
  });
}
