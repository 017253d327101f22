// `npm run bench:start`: what a new isolate costs before its second request.

import { say } from "../dev/tooling/say.mjs";
import * as show from "./show.mjs";
import { measureStartUp } from "./startup.mjs";
import { largest, measureTouched } from "./touched.mjs";

/** A refusal, the credentials in each way, and one of each part that they do without. @type {import("./options.mjs").Id[]} */
const DEFAULT = [
  "no-credential",
  "wrong-key",
  "by-jwt",
  "by-key",
  "by-pair",
  "diagnostics",
  "own-user",
  "status",
  "verify",
  "session",
];

const EXPLANATION = `
Functions of Wasm that V8 has compiled when a new isolate has answered its first request; it compiles each when it is first
called. A few belong to the start before it. What the second request of the same kind adds is what only a warm Worker runs.
`;

/**
 * @param {import("./world.mjs").Surroundings} surroundings
 * @param {{rows: import("./options.mjs").Id[] | undefined, functions: number}} wanted how many of the largest functions are named
 */
export async function benchStart(surroundings, { rows = DEFAULT, functions }) {
  const touched = await measureTouched(surroundings, rows);
  say(EXPLANATION);
  say(show.touched(touched));
  for (const { name, first } of functions > 0 ? touched : []) say(`\n${show.functions(name, largest(first, functions))}`);
  say(`\n${show.startUp(await measureStartUp())}`);
}
