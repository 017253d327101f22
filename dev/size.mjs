// `npm run size`: what each crate, and each room of ours, takes of the built Wasm. Gzipped: how much smaller the code of all
// functions is without those of that crate.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { inRoot } from "./tooling/paths.mjs";
import { runMain, say } from "./tooling/say.mjs";
import { bodiesOf, namesOf, ownerOf } from "./tooling/wasm-names.mjs";

/** Crates below it are not listed one by one. */
const LEAST_BYTES = 2000;

/** @param {Buffer[]} parts */
const gzipped = (parts) => gzipSync(Buffer.concat(parts), { level: 9 }).length;

await runMain(async () => {
  await build(await ensureToolchain());
  const names = namesOf(readFileSync(inRoot("build", "symbols", "index_bg.wasm")));
  const wasm = readFileSync(inRoot("build", "index_bg.wasm"));
  const bodies = bodiesOf(wasm);
  // Imported functions are numbered first.
  const imported = Math.max(...names.keys()) + 1 - bodies.length;
  const functions = bodies.map((body, index) => ({ body, owner: ownerOf(names.get(imported + index) ?? "") }));
  const all = gzipped(bodies);
  const owners = Map.groupBy(functions, ({ owner }) => owner);
  const rows = [...owners].map(([owner, own]) => ({
    owner,
    functions: own.length,
    bytes: own.reduce((sum, { body }) => sum + body.length, 0),
  }));
  say("of                                  functions      bytes    gzipped");
  for (const { owner, functions: count, bytes } of rows.sort((a, b) => b.bytes - a.bytes)) {
    if (bytes < LEAST_BYTES) continue;
    const rest = functions.filter((one) => one.owner !== owner).map(({ body }) => body);
    say(
      `${owner.padEnd(36)}${String(count).padStart(9)}${String(bytes).padStart(11)}${String(all - gzipped(rest)).padStart(11)}`,
    );
  }
  const code = bodies.reduce((sum, { length }) => sum + length, 0);
  say(`\nThe whole file: ${wasm.length} bytes, of which ${code} are code; gzipped ${gzipped([wasm])}.`);
});
