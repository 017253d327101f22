// What a first request touches: the functions of Wasm that V8 compiles for it, told by V8 itself. It compiles a function
// when it is called for the first time, so what is not listed was not run.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inRoot } from "../dev/tooling/paths.mjs";
import { Failure } from "../dev/tooling/say.mjs";
import { namesOf } from "../dev/tooling/wasm-names.mjs";
import { worldOf } from "./rivals.mjs";
import { prepare } from "./rows.mjs";
import { sum } from "./statistics.mjs";

/**
 * @typedef {object} Compiled one function
 * @property {number} index in the module
 * @property {number} micros that it took
 * @property {number} body bytes of Wasm
 * @property {number} code bytes of machine code
 *
 * @typedef {{functions: number, body: number, code: number, ms: number}} Touched
 * @typedef {{id: string, name: string, first: Compiled[], second: Compiled[]}} FirstRequest
 */

/** Told once for each function, by the compiler that is quick. The other one comes back to what is hot, in the background. */
const LINE = /^Compiled function \S+#(\d+) using Liftoff, took (\d+) .*; bodysize (\d+) codesize (\d+)$/gm;

/** A line may come after the answer: the log line is written later. */
const SETTLE_MS = 100;

/** @param {string} log of workerd with `--trace-wasm-compilation-times` @returns {Compiled[]} in their order */
export function compiledIn(log) {
  return [...log.matchAll(LINE)].map(([, index, micros, body, code]) => ({
    index: Number(index),
    micros: Number(micros),
    body: Number(body),
    code: Number(code),
  }));
}

/** @param {Compiled[]} compiled @returns {Touched} */
export const totalOf = (compiled) => ({
  functions: compiled.length,
  body: sum(compiled.map(({ body }) => body)),
  code: sum(compiled.map(({ code }) => code)),
  ms: sum(compiled.map(({ micros }) => micros)) / 1000,
});

/**
 * Each row's request as the first one of a new isolate, and a second time.
 * @param {import("./world.mjs").Surroundings} surroundings @param {import("./options.mjs").Id[]} ids
 * @returns {Promise<FirstRequest[]>}
 */
export async function measureTouched(surroundings, ids) {
  const ours = await worldOf("ours", surroundings);
  const rows = await prepare(ours);
  const given = await ours.rows();
  await ours.close();
  const wanted = rows.filter(({ id }) => ids.includes(id));
  if (wanted.length === 0) throw new Failure("None of these rows is a single request");
  const folder = mkdtempSync(join(tmpdir(), "spkey-bench-"));
  const log = join(folder, "workerd.log");
  const { MINIFLARE_WORKERD_V8_FLAGS: flags, WORKERD_LOG: wasLog } = process.env;
  const found = [];
  try {
    for (const { id, name, request } of wanted) {
      Object.assign(process.env, { MINIFLARE_WORKERD_V8_FLAGS: "--trace-wasm-compilation-times", WORKERD_LOG: log });
      rmSync(log, { force: true });
      const world = await worldOf("ours", surroundings);
      try {
        await world.give(given);
        const afterOne = async () => {
          await world.call(request);
          await sleep(SETTLE_MS);
          return compiledIn(readFileSync(log, "utf8"));
        };
        const first = await afterOne();
        found.push({ id, name, first, second: (await afterOne()).slice(first.length) });
      } finally {
        await world.close();
      }
    }
    return found;
  } finally {
    restore("MINIFLARE_WORKERD_V8_FLAGS", flags);
    restore("WORKERD_LOG", wasLog);
    rmSync(folder, { recursive: true });
  }
}

/** The largest functions of a first request, by name where the build has kept the names. @param {Compiled[]} compiled @param {number} count */
export function largest(compiled, count) {
  const symbols = inRoot("build", "symbols", "index_bg.wasm");
  const names = existsSync(symbols) ? namesOf(readFileSync(symbols)) : new Map();
  return compiled
    .toSorted((a, b) => b.body - a.body)
    .slice(0, count)
    .map(({ index, body, code }) => ({ name: names.get(index) ?? `function ${index}`, body, code }));
}

/** @param {string} name @param {string | undefined} value */
function restore(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
