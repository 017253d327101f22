// Cargo.toml and Cargo.lock say which versions the Rust tools must have.

import { readFileSync } from "node:fs";
import { inRoot } from "../tooling/paths.mjs";
import { attempt } from "../tooling/run.mjs";
import { Failure } from "../tooling/say.mjs";

/**
 * worker-build is released together with `worker`; the wasm-bindgen CLI refuses
 * any other version of the library than its own.
 */
export function toolVersions() {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  return { workerBuild: locked(lock, "worker"), wasmBindgen: locked(lock, "wasm-bindgen") };
}

/** The oldest Rust the crate compiles with. */
export function minimumRust() {
  const found = readFileSync(inRoot("Cargo.toml"), "utf8").match(/^rust-version\s*=\s*"([\d.]+)"/m);
  return found?.[1] ?? "1.0";
}

/** @param {string} lock @param {string} crate */
function locked(lock, crate) {
  const found = lock.match(new RegExp(`^name = "${crate}"\\nversion = "([^"]+)"`, "m"));
  if (!found?.[1]) throw new Failure(`Cargo.lock does not name a version of ${crate}`);
  return found[1];
}

/** The rustc that an environment's path leads to. @param {NodeJS.ProcessEnv} env */
export async function rustIsNewEnough(env) {
  const { code, stdout } = await attempt("rustc", ["--version"], { env });
  const version = stdout.match(/^rustc (\S+)/)?.[1];
  return code === 0 && version !== undefined && atLeast(version, minimumRust());
}

/** @param {string} version @param {string} minimum */
export function atLeast(version, minimum) {
  const [a, b] = [version, minimum].map((text) => text.split(/[.+~-]/).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] || 0) - (b?.[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
