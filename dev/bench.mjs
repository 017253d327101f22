// `npm run bench`: what the built Worker costs. `npm run bench:scale`: what
// finding and doing the work reads and writes as the table of users grows.
// Calls and rows are counted, and a count that breaks its promise is a failure;
// times are only shown.

import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { Failure, runMain, say, seconds } from "./tooling/say.mjs";
import { wranglerEnv } from "./tooling/wrangler.mjs";

async function main() {
  const toolchain = await ensureToolchain();
  await build(toolchain);
  whenParentIsGone(() => process.exit(1));
  Object.assign(process.env, wranglerEnv());
  const began = performance.now();
  const broken = process.argv.includes("--scale")
    ? await (await import("../bench/scale.mjs")).benchScale()
    : await (await import("../bench/run.mjs")).bench();
  say(`\nMeasured in ${seconds(began)}.`);
  if (broken > 0) throw new Failure(broken === 1 ? "A count breaks its promise" : `${broken} counts break their promises`);
}

await runMain(main);
