// A copy of the sources that may be broken. It lies at one place, so that cargo
// finds there again what it has compiled before.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEV, inRoot } from "../tooling/paths.mjs";
import { Failure } from "../tooling/say.mjs";

const HOME = join(DEV, "mutants");

/** Where cargo is run. */
export const CHECKOUT = join(HOME, "checkout");

/** What cargo leaves behind, kept between runs. */
export const TARGET = join(HOME, "target");

/** All that the library's tests are made of. */
const PARTS = ["Cargo.toml", "Cargo.lock", "src", "openapi.json", "migrations", "docs", "wrangler.toml"];

/**
 * Copies the sources as they are now. Their times of change are new ones, or
 * cargo would take what it last built of a mutant for them.
 */
export function copySources() {
  rmSync(CHECKOUT, { recursive: true, force: true });
  mkdirSync(CHECKOUT, { recursive: true });
  for (const part of PARTS) {
    cpSync(inRoot(part), join(CHECKOUT, part), { recursive: true });
  }
}

/**
 * The files of a mutant, broken.
 * @param {import("./list.mjs").Mutant} mutant
 * @returns {Map<string, string>} texts by path inside the checkout
 */
export function breakFiles({ name, edits }) {
  const texts = new Map();
  for (const { file: path, find, replace } of edits) {
    const text = texts.get(path) ?? readFileSync(inRoot(path), "utf8");
    const [before, after, ...more] = text.split(find);
    if (after === undefined || more.length > 0) {
      const times = after === undefined ? "not at all" : `${more.length + 1} times`;
      throw new Failure(`${name}: what it replaces is found ${times} in ${path}`, { tail: find });
    }
    texts.set(path, before + replace + after);
  }
  return texts;
}

/**
 * Does `work` while these files of the checkout are other ones.
 * @template T
 * @param {Map<string, string>} texts
 * @param {() => Promise<T>} work
 */
export async function withFiles(texts, work) {
  for (const [path, text] of texts) writeFileSync(join(CHECKOUT, path), text);
  try {
    return await work();
  } finally {
    // With a new time of change, or cargo would take the broken build for this one.
    for (const path of texts.keys()) writeFileSync(join(CHECKOUT, path), readFileSync(inRoot(path)));
  }
}
