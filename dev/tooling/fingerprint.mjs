// Has anything that the built Worker, or the console, is made of changed since it was built?

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { inRoot, ROOT } from "./paths.mjs";

/**
 * @typedef {object} Product
 * @property {string} stamp what it was built from
 * @property {string[]} results
 * @property {string[]} inputs files and folders that decide what comes out
 * @property {string} [depInfo] what rustc read, `include_str!` included; written beside its result
 */

/** @satisfies {Record<string, Product>} */
export const PRODUCTS = {
  worker: {
    stamp: "build/.built-from.json",
    results: ["build/worker.js", "build/index_bg.wasm"],
    inputs: ["Cargo.toml", "Cargo.lock", ".cargo", "build.rs", "src", "migrations", "dev/build.mjs"],
    depInfo: "target/wasm32-unknown-unknown/release/spkey_edge.d",
  },
  console: {
    stamp: "build/.console-from.json",
    results: ["build/assets/_headers", "build/assets/openapi.json", "build/assets/console/index.html"],
    inputs: ["console", "openapi.json", "dev/tooling/console.mjs", "package-lock.json"],
  },
};

/** @param {Product} product @param {string} toolchain anything that tells two compilers apart */
export const isUpToDate = (product, toolchain) => isOfTheseSources(product) && readStamp(product).toolchain === digest(toolchain);

/** The same for those without a compiler: whichever compiler it was. @param {Product} product */
export function isOfTheseSources(product) {
  try {
    if (!product.results.every((name) => existsSync(inRoot(name)))) return false;
    const stamp = readStamp(product);
    return stamp.sources === fingerprint(product, stamp.files);
  } catch {
    return false; // never built, or a file of then is gone
  }
}

/** @param {Product} product @returns {{sources: string, toolchain: string, files: string[]}} */
const readStamp = ({ stamp }) => JSON.parse(readFileSync(inRoot(stamp), "utf8"));

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest("hex");

/**
 * To be called before building: a file that is edited meanwhile must count as changed.
 * @param {Product} product @param {string} toolchain
 */
export function remember(product, toolchain) {
  const began = fingerprint(product, []);
  return () => {
    if (began !== fingerprint(product, [])) return;
    const files = extraFiles(product);
    const stamp = { sources: fingerprint(product, files), toolchain: digest(toolchain), files };
    writeFileSync(inRoot(product.stamp), JSON.stringify(stamp, null, 1));
  };
}

/** @param {Product} product @param {string[]} extra */
function fingerprint({ inputs }, extra) {
  const hash = createHash("sha256");
  const names = [...inputs.flatMap((name) => filesIn(inRoot(name))), ...extra.map((name) => inRoot(name))];
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

/** Files of this checkout that the compiler read and `inputs` doesn't cover. @param {Product} product */
function extraFiles({ inputs, depInfo }) {
  if (!depInfo || !existsSync(inRoot(depInfo))) return [];
  const known = new Set(inputs.flatMap((name) => filesIn(inRoot(name))));
  const read =
    readFileSync(inRoot(depInfo), "utf8")
      .split("\n")[0]
      ?.split(/(?<!\\) /)
      .slice(1) ?? [];
  return read
    .map((name) => name.replaceAll("\\ ", " "))
    .filter((name) => name.startsWith(`${ROOT}/`) && !name.startsWith(inRoot("target")) && !known.has(name))
    .map((name) => relative(ROOT, name));
}
