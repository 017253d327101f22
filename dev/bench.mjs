// `npm run bench`: what the built Worker costs. `npm run bench:start`: what its
// first request touches. `npm run bench:scale`: what finding and doing the work
// reads and writes as the table of users grows. Calls and rows are counted, and
// a count that breaks its promise is a failure; times are only shown.

import { HELP, readOptions } from "../bench/options.mjs";
import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { Failure, runMain, say, seconds } from "./tooling/say.mjs";
import { wranglerEnv } from "./tooling/wrangler.mjs";

async function main() {
  const { mode, rows, functions, goal } = readOptions(process.argv.slice(2));
  if (mode === "help") return say(HELP);
  const toolchain = await ensureToolchain();
  await build(toolchain);
  whenParentIsGone(() => process.exit(1));
  Object.assign(process.env, wranglerEnv());
  const began = performance.now();
  const { Surroundings } = await import("../bench/world.mjs");
  const surroundings = await Surroundings.create();
  let broken = 0;
  try {
    if (mode === "scale") broken = await (await import("../bench/scale.mjs")).benchScale(surroundings);
    else if (mode === "start") await (await import("../bench/start.mjs")).benchStart(surroundings, { rows, functions });
    else if (mode === "sure") await (await import("../bench/sure.mjs")).benchSurely(surroundings, { ...goal, ids: rows });
    else broken = await (await import("../bench/run.mjs")).bench(surroundings, rows);
  } finally {
    await surroundings.simulator.close();
  }
  say(`\nMeasured in ${seconds(began)}.`);
  if (broken > 0) throw new Failure(broken === 1 ? "A count breaks its promise" : `${broken} counts break their promises`);
}

await runMain(main);
