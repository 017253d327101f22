// Has anything that the built Worker is made of changed since it was built?

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { inRoot, ROOT } from "./paths.mjs";

const STAMP = inRoot("build", ".built-from.json");
const RESULTS = ["build/worker.js", "build/index_bg.wasm"];

/** Files and folders that decide what comes out, besides those the compiler says it read. */
const INPUTS = ["Cargo.toml", "Cargo.lock", ".cargo", "build.rs", "src", "migrations", "openapi.json", "dev/build.mjs"];

/** What rustc read, `include_str!` included; written beside its result. */
const DEP_INFO = inRoot("target", "wasm32-unknown-unknown", "release", "spkey_edge.d");

/** @param {string} toolchain anything that tells two compilers apart */
export function isUpToDate(toolchain) {
  try {
    if (!RESULTS.every((name) => existsSync(inRoot(name)))) return false;
    const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
    return stamp.hash === fingerprint(stamp.files, toolchain);
  } catch {
    return false; // never built, or a file of then is gone
  }
}

/** To be called before building: a file that is edited meanwhile must count as changed. @param {string} toolchain */
export function remember(toolchain) {
  const began = fingerprint([], toolchain);
  return () => {
    if (began !== fingerprint([], toolchain)) return;
    const files = extraFiles();
    writeFileSync(STAMP, JSON.stringify({ hash: fingerprint(files, toolchain), files }, null, 1));
  };
}

/** @param {string[]} extra @param {string} toolchain */
function fingerprint(extra, toolchain) {
  const hash = createHash("sha256").update(toolchain);
  const names = [...INPUTS.flatMap((name) => filesIn(inRoot(name))), ...extra.map((name) => inRoot(name))];
  for (const name of names.sort()) {
    hash.update(`\0${relative(ROOT, name)}\0`).update(createHash("sha256").update(readFileSync(name)).digest());
  }
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function filesIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesIn(join(path, name)));
}

/** Files of this checkout that the compiler read and `INPUTS` doesn't cover. */
function extraFiles() {
  if (!existsSync(DEP_INFO)) return [];
  const known = new Set(INPUTS.flatMap((name) => filesIn(inRoot(name))));
  const read =
    readFileSync(DEP_INFO, "utf8")
      .split("\n")[0]
      ?.split(/(?<!\\) /)
      .slice(1) ?? [];
  return read
    .map((name) => name.replaceAll("\\ ", " "))
    .filter((name) => name.startsWith(`${ROOT}/`) && !name.startsWith(inRoot("target")) && !known.has(name))
    .map((name) => relative(ROOT, name));
}
