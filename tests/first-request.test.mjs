/**
 * What a new isolate compiles for its first request. V8 compiles a function of Wasm when it is first called, and tells so; it
 * is the same each time, but for one or two.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";

import { measureTouched, totalOf } from "../bench/touched.mjs";
import { Surroundings } from "../bench/world.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";
import { namesOf } from "../dev/tooling/wasm-names.mjs";
import { wranglerEnv } from "../dev/tooling/wrangler.mjs";

/** Bytes of Wasm, some 7 % above what it was when this was written. */
const MAX_BYTES = /** @type {const} */ ({ "no-credential": 135_000, "by-jwt": 250_000 });

/** Rooms that the credentials API has no use for. Their callers are administrators, operators, and clients of other APIs. */
const OTHER_ROOMS = ["account", "audit", "health", "operators", "overview", "user_keys", "users"];

Object.assign(process.env, wranglerEnv());
const surroundings = await Surroundings.create();
after(() => surroundings.simulator.close());
const touched = await measureTouched(surroundings, ["no-credential", "by-jwt", "by-key"]);
const names = namesOf(readFileSync(inRoot("build", "symbols", "index_bg.wasm")));

/** @param {string} id */
function firstOf(id) {
  const first = touched.find((each) => each.id === id)?.first;
  assert.ok(first);
  return first;
}

/** A function's own room, or that of the type whose it is; what the linker found to be the same has one name for all. @param {string} name */
const roomOf = (name) => name.match(/^<?spkey_edge::(\w+)::/)?.[1];

for (const [id, most] of Object.entries(MAX_BYTES)) {
  test(`the first request of an isolate compiles ${most} bytes at most: ${id}`, () => {
    const { body, functions } = totalOf(firstOf(id));
    assert.ok(functions > 100, "they were counted");
    assert.ok(body <= most, `${body} bytes`);
  });
}

for (const id of ["by-jwt", "by-key"]) {
  test(`credentials compile nothing that only other APIs use: ${id}`, () => {
    const rooms = new Set(firstOf(id).map(({ index }) => roomOf(names.get(index) ?? "")));
    assert.ok(rooms.has("auth") && rooms.has("provisioning"), "they are known by name");
    assert.deepEqual(
      OTHER_ROOMS.filter((room) => rooms.has(room)),
      [],
    );
  });
}
