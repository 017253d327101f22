// Which cargo and rustc build the Worker: the developer's own if they know the
// Wasm target or rustup can add it, else Debian's with a standard library of our building.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { attempt } from "../tooling/run.mjs";
import { Failure, say, seconds } from "../tooling/say.mjs";
import { debianPossible } from "./debian-packages.mjs";
import { debianRustPath, installDebianRust } from "./debian-rust.mjs";
import { minimumRust, rustIsNewEnough } from "./rust-versions.mjs";

export const TARGET = "wasm32-unknown-unknown";

/** A closed line may look like a slow one: with another way at hand patience is short, without one it is long. */
const RUSTUP_LIMIT_MS = { withFallback: 45_000, withoutFallback: 600_000 };

/** @typedef {{name: string, env: NodeJS.ProcessEnv}} Toolchain */

/**
 * Finds a toolchain that can build the Worker, without installing anything.
 * @returns {Promise<Toolchain | undefined>}
 */
export async function findWasmToolchain() {
  const own = { name: "cargo on the path", env: process.env };
  if (await compilesWasm(own.env)) return own;
  const debian = debianToolchain();
  return debian && (await compilesWasm(debian.env)) ? debian : undefined;
}

/** Makes one, the ordinary way first. @returns {Promise<Toolchain>} */
export async function installWasmToolchain() {
  if (await rustupAddsTarget()) {
    const found = await findWasmToolchain();
    if (found) return found;
  }
  if (!debianPossible()) {
    throw new Failure(`No Rust toolchain here can compile to ${TARGET}`, {
      hint: `Install Rust ${minimumRust()} or newer with rustup (https://rustup.rs), then: rustup target add ${TARGET}`,
    });
  }
  await installDebianRust();
  const found = await findWasmToolchain();
  if (found) return found;
  throw new Failure(`Debian's Rust was installed but still cannot compile to ${TARGET}`, { log: ".dev/logs/wasm-std.log" });
}

/** @returns {Promise<boolean>} */
async function rustupAddsTarget() {
  const { code } = await attempt("rustup", ["--version"]);
  if (code !== 0) return false;
  const env = { ...process.env, RUSTUP_MAX_RETRIES: "0" };
  const timeoutMs = debianPossible() ? RUSTUP_LIMIT_MS.withFallback : RUSTUP_LIMIT_MS.withoutFallback;
  const options = { log: "rustup", env, timeoutMs };
  const began = performance.now();
  say(`▸ rustup target add ${TARGET}`);
  const added = (await attempt("rustup", ["target", "add", TARGET], options)).code === 0;
  say(
    added
      ? `  ✓ added (${seconds(began)})`
      : `  – rustup could not (${seconds(began)}; .dev/logs/rustup.log): trying another way`,
  );
  return added;
}

/** @returns {Toolchain | undefined} */
function debianToolchain() {
  const path = debianRustPath();
  if (!path) return undefined;
  // RUSTC and friends would win over the path; RUSTUP_TOOLCHAIN means nothing to this cargo.
  const { RUSTC: _, RUSTC_WRAPPER: __, RUSTUP_TOOLCHAIN: ___, ...env } = process.env;
  return { name: "Debian's cargo", env: { ...env, PATH: `${path}${delimiter}${process.env.PATH ?? ""}` } };
}

// The only question that matters, put to the compiler itself: it also finds a missing linker, or a
// standard library that was left behind by an older rustc.
/** @param {NodeJS.ProcessEnv} env */
async function compilesWasm(env) {
  if (!(await rustIsNewEnough(env))) return false;
  const folder = mkdtempSync(join(tmpdir(), "spkey-edge-"));
  try {
    const source = join(folder, "probe.rs");
    writeFileSync(source, '#[unsafe(no_mangle)] pub extern fn probe(n: u32) -> usize { format!("{n}").len() }\n');
    const args = ["--edition=2024", "--target", TARGET, "--crate-type=cdylib", "-o", join(folder, "probe.wasm"), source];
    return (await attempt("rustc", args, { env, cwd: folder })).code === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
