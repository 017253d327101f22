// `npm run fuzz`: the fuzz targets for longer than `npm test` runs them, or one input again.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureToolchain } from "./setup.mjs";
import { buildFuzzers, fuzz, fuzzTargets, replay, replayCommand } from "./tooling/fuzzers.mjs";
import { tail } from "./tooling/run.mjs";
import { Failure, runMain, say, step } from "./tooling/say.mjs";

const HELP = `npm run fuzz [TARGET …] [SECONDS]     lets targets search, one after the other (all, 60 s each)
npm run fuzz TARGET FILE              runs one input again

Targets: ${fuzzTargets().join(", ")}
What they find useful goes to .dev/fuzz/, what breaks a promise to fuzz/artifacts/.
`;

const DEFAULT_SECONDS = 60;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(HELP);
  const { targets, seconds, file } = understand(positionals);
  const { nativeEnv } = await ensureToolchain();
  const fuzzers = await step("building the fuzzers", (progress) => buildFuzzers(nativeEnv, progress));
  for (const target of targets) {
    const search = (/** @type {{latest: string}} */ progress) => fuzz(fuzzers, target, { seconds, fresh: false, progress });
    const outcome = file ? await replay(fuzzers, target, file) : await step(`${target} for ${seconds} s`, search);
    if (!outcome.ok) {
      const hint = file ? undefined : `Again: ${replayCommand(target, outcome)}`;
      throw new Failure(`${target} found a broken promise`, { tail: tail(outcome.output, 40), hint });
    }
    say(file ? "  Nothing is wrong with this input." : `    ${outcome.inputs} inputs`);
  }
}

/** @param {string[]} words */
function understand(words) {
  const known = fuzzTargets();
  const targets = words.filter((word) => known.includes(word));
  const rest = words.filter((word) => !known.includes(word));
  const number = rest.find((word) => /^[1-9]\d*$/.test(word));
  const file = rest.find((word) => word !== number && existsSync(word));
  const strange = rest.find((word) => word !== number && word !== file);
  if (strange !== undefined) throw new Failure(`Neither a target, a number of seconds nor a file: ${strange}\n\n${HELP}`);
  if (file && targets.length !== 1) throw new Failure(`A file is run by one target\n\n${HELP}`);
  return {
    targets: targets.length > 0 ? targets : known,
    seconds: Number(number ?? DEFAULT_SECONDS),
    file: file && resolve(file),
  };
}

await runMain(main);
