// `npm run bench`: what the built Worker costs. `npm run bench:scale`: what
// finding and doing the work reads and writes as the table of users grows.
// Calls and rows are counted, and a count that breaks its promise is a failure;
// times are only shown.

import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { handOverToNewerNode } from "./tooling/node-modules.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { Failure, runMain, say, seconds } from "./tooling/say.mjs";
import { wranglerEnv } from "./tooling/wrangler.mjs";

async function main() {
  const toolchain = await ensureToolchain();
  if (await handOverToNewerNode()) return;
  await build(toolchain);
  whenParentIsGone(() => process.exit(1));
  Object.assign(process.env, wranglerEnv());
  // Only now: Miniflare comes with the packages, and wants the newer Node.
  const began = performance.now();
  const broken = process.argv.includes("--scale")
    ? await (await import("../bench/scale.mjs")).benchScale()
    : await (await import("../bench/run.mjs")).bench();
  say(`\nMeasured in ${seconds(began)}.`);
  if (broken > 0) throw new Failure(broken === 1 ? "A count breaks its promise" : `${broken} counts break their promises`);
}

await runMain(main);
