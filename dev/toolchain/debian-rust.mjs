// Debian's Rust, for machines that reach Debian's packages and Rust's registry but not
// rustup's downloads. Debian ships no standard library for wasm32, only its
// source: it is built once and put where that rustc looks.

import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { TOOLS } from "../tooling/paths.mjs";
import { attempt, run } from "../tooling/run.mjs";
import { Failure, step } from "../tooling/say.mjs";
import { asRoot, installDebianPackages, updateDebianLists } from "./debian-packages.mjs";
import { atLeast, minimumRust } from "./rust-versions.mjs";
import { withScratch } from "./scratch.mjs";

const TARGET = "wasm32-unknown-unknown";

/**
 * The names under which a release carries Rust; Debian keeps a newer one for building browsers.
 * `lint` serves the checks of `npm test`.
 */
const FAMILIES = [
  { rustc: "rustc-web", rest: ["cargo-web", "rust-web-src", "rust-web-llvm"], lint: ["rustfmt-web", "rust-web-clippy"] },
  { rustc: "rustc", rest: ["cargo", "rust-src", "rust-llvm"], lint: ["rustfmt", "rust-clippy"] },
];

/** What compiling worker-build and the fuzzing engine needs besides Rust. */
const BUILD_TOOLS = ["gcc", "g++", "libc6-dev", "pkg-config", "libssl-dev"];

const RUSTUP_INSTEAD = `Or install Rust ${minimumRust()} with rustup, then: rustup target add ${TARGET}`;

/** Where only Debian's tools are, so that putting it first on the path hides nothing else. */
const SHIMS = join(TOOLS, "debian-rust");

/** @returns {string | undefined} a folder for the path, if Debian's Rust is installed */
export function debianRustPath() {
  if (!existsSync("/usr/bin/rustc") || !existsSync("/usr/bin/cargo")) return undefined;
  mkdirSync(SHIMS, { recursive: true });
  for (const name of ["rustc", "cargo", "rustdoc", "cargo-clippy", "clippy-driver", "cargo-fmt", "rustfmt"]) {
    const shim = join(SHIMS, name);
    if (existsSync(`/usr/bin/${name}`) && !existsSync(shim)) {
      rmSync(shim, { force: true });
      symlinkSync(`/usr/bin/${name}`, shim);
    }
  }
  return SHIMS;
}

export async function installDebianRust() {
  await step("apt-get install Debian's Rust (rustup's downloads are out of reach)", async (progress) => {
    await updateDebianLists(progress);
    const chosen = await chooseFamily();
    await installDebianPackages([chosen.rustc, ...chosen.rest, ...chosen.lint, ...BUILD_TOOLS], progress, RUSTUP_INSTEAD);
    const linker = missingLinker();
    if (linker) await installDebianPackages([linker], progress, RUSTUP_INSTEAD);
  });
  await step(`building the standard library for ${TARGET} (once per machine, a minute or two)`, buildStd);
}

async function chooseFamily() {
  for (const family of FAMILIES) {
    const { stdout } = await attempt("apt-cache", ["policy", family.rustc], { env: { ...process.env, LC_ALL: "C" } });
    const candidate = stdout.match(/Candidate: (?:\d+:)?([\d.]+)/)?.[1];
    if (candidate && atLeast(candidate, minimumRust())) return family;
  }
  throw new Failure(`This release of Debian or Ubuntu has no Rust ${minimumRust()}`, {
    hint: `Install it with rustup (https://rustup.rs), then: rustup target add ${TARGET}`,
  });
}

// rust-lld is a link into a package that is only recommended.
function missingLinker() {
  const link = "/usr/bin/rust-lld";
  const dangling = !existsSync(link) && lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink();
  return dangling ? basename(readlinkSync(link)) : undefined;
}

/** @param {{latest: string}} progress */
function buildStd(progress) {
  return withScratch(async (folder) => {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "Cargo.toml"), '[package]\nname = "empty_probe"\nversion = "0.0.0"\nedition = "2021"\n');
    writeFileSync(join(folder, "src", "lib.rs"), "#![no_std]\n");
    // -Zbuild-std is not stable yet; RUSTC_BOOTSTRAP lets a stable rustc use it.
    const path = `${debianRustPath()}${delimiter}${process.env.PATH ?? ""}`;
    const { RUSTC: _, RUSTC_WRAPPER: __, RUSTFLAGS: ___, ...rest } = process.env;
    const env = { ...rest, PATH: path, RUSTC_BOOTSTRAP: "1", CARGO_TARGET_DIR: join(folder, "target") };
    const args = ["build", "-Zbuild-std=std,panic_abort", "--target", TARGET, "--release"];
    await run("cargo", args, { cwd: folder, env, log: "wasm-std", progress });
    await putStdInPlace(folder, env);
  });
}

// Beside the final place first, then moved there as a whole: a rustc that looks meanwhile finds all
// of it or nothing, and an older one's library doesn't stay.
/** @param {string} folder where it was built @param {NodeJS.ProcessEnv} env */
async function putStdInPlace(folder, env) {
  const { stdout } = await run("rustc", ["--print", "target-libdir", "--target", TARGET], { env });
  const place = stdout.trim();
  const built = join(folder, "target", TARGET, "release", "deps");
  const staged = join(folder, "staged");
  mkdirSync(staged);
  for (const name of readdirSync(built)) {
    if (name.endsWith(".rlib") && !name.includes("empty_probe")) copyFileSync(join(built, name), join(staged, name));
  }
  const options = { hint: RUSTUP_INSTEAD };
  await asRoot(["mkdir", "-p", dirname(place)], options);
  await asRoot(["rm", "-rf", place, `${place}.new`], options);
  await asRoot(["cp", "-r", staged, `${place}.new`], options);
  await asRoot(["chmod", "-R", "a+rX", `${place}.new`], options);
  await asRoot(["mv", `${place}.new`, place], options);
}
