// `npm run test:api`: Schemathesis against the Worker, with more cases than `npm test` has time for.

import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { tail } from "./tooling/run.mjs";
import { Failure, runMain, say, step } from "./tooling/say.mjs";
import { runSchemathesis } from "./tooling/schemathesis.mjs";

const HELP = `npm run test:api [-- [--cases N] [-- OPTION …]]

  --cases N   cases an operation at most, in every phase that draws them; 50 without it
  OPTION      for Schemathesis itself, e.g. --include-operation-id createInstance

It needs Python 3.10 or newer, and installs Schemathesis for it once, into the per-user cache.
`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { cases: { type: "string", default: "50" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(HELP);
  const cases = Number(values.cases);
  if (!Number.isInteger(cases) || cases < 1) throw new Failure(`--cases must be a positive number\n\n${HELP}`);
  await build(await ensureToolchain());
  const outcome = await step(`${cases} cases an operation`, (progress) =>
    runSchemathesis({ cases, more: positionals, progress }),
  );
  if ("skipped" in outcome) return say(`Not run: ${outcome.skipped}`);
  say(tail(outcome.output, 400));
  if (outcome.code !== 0) throw new Failure("Document and service disagree", { log: outcome.log });
}

await runMain(main);
