// `npm run mutants`: breaks what ships on purpose, one guard at a time, and
// shows that a simulation, or a native test, notices each time.

import { parseArgs } from "node:util";
import { breakFiles, CHECKOUT, copySources, TARGET, withFiles } from "./mutants/checkout.mjs";
import { MUTANTS } from "./mutants/list.mjs";
import { ensureToolchain } from "./setup.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { attempt, compilerErrors, tail } from "./tooling/run.mjs";
import { Failure, runMain, say, step } from "./tooling/say.mjs";

const HELP = `npm run mutants [-- NAME...]

  without a name all of them:
${MUTANTS.map(({ name, breaks }) => `  ${name.padEnd(30)}${breaks}`).join("\n")}
`;

/** A mutant may never come to an end; the unchanged code needs seconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * @typedef {{ promise: string, seed: string }} Caught
 * @param {string} test
 * @param {NodeJS.ProcessEnv} env
 * @param {string} log
 * @param {{latest: string}} progress
 * @returns {Promise<Caught | null>} what the test objects to; `null`: nothing
 */
async function simulate(test, env, log, progress) {
  const cargo = (/** @type {string[]} */ ...args) =>
    attempt("cargo", ["test", "--lib", "--locked", ...args], {
      cwd: CHECKOUT,
      env,
      log,
      append: true,
      progress,
      timeoutMs: TIMEOUT_MS,
    });
  const built = await cargo("--no-run");
  if (built.code !== 0) throw new Failure("It does not compile", { tail: compilerErrors(built.output) });
  const { code, output, timedOut } = await cargo("--", "--exact", test);
  if (timedOut) throw new Failure("The test does not end");
  if (!output.includes("running 1 test")) throw new Failure(`There is no test ${test}`);
  if (code === 0) return null;
  if (!test.includes("simulation::")) return { promise: test.split("::").pop() ?? test, seed: "" };
  const broken = /^seed (?<seed>\d+): broken promise: (?<promise>.+)$/m.exec(output);
  if (!broken?.groups) throw new Failure("It failed without naming a promise", { tail: tail(output) });
  return { promise: broken.groups.promise ?? "", seed: broken.groups.seed ?? "" };
}

/** @param {string[]} names */
function chosen(names) {
  const unknown = names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Failure(`No such mutant: ${unknown.join(", ")}\n\n${HELP}`);
  return names.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => names.includes(name));
}

/** @param {string[][]} rows the head first */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help) return say(HELP);
  // All of them are made before the first is tried: an outdated one shows at once.
  const mutants = chosen(positionals).map((mutant) => ({ ...mutant, texts: breakFiles(mutant) }));
  const { nativeEnv } = await ensureToolchain();
  whenParentIsGone(() => process.exit(1));
  // Not optimised: a variant is compiled for longer than it is played.
  const env = { ...nativeEnv, CARGO_TARGET_DIR: TARGET, CARGO_TERM_COLOR: "never", CARGO_PROFILE_TEST_OPT_LEVEL: "0" };
  copySources();
  for (const test of new Set(mutants.map((mutant) => mutant.test))) {
    await step(`the code as it is: ${test}`, async (progress) => {
      const caught = await simulate(test, env, "mutants-none", progress);
      if (caught) throw new Failure(`It breaks a promise by itself: ${caught.promise} (seed ${caught.seed})`);
    });
  }
  const rows = [["mutant", "broken promise", "seed"]];
  const bad = [];
  for (const { name, breaks, test, texts } of mutants) {
    try {
      const caught = await step(`${name}: ${breaks}`, (progress) =>
        withFiles(texts, () => simulate(test, env, `mutants-${name}`, progress)),
      );
      rows.push([name, caught?.promise ?? "NONE: it survives", caught?.seed ?? ""]);
      if (!caught) bad.push(name);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(`  ✗ ${error.message}\n${error.details.tail ?? ""}`);
      rows.push([name, `? ${error.message}`, ""]);
      bad.push(name);
    }
  }
  say(`\n${table(rows)}\n`);
  if (bad.length > 0) throw new Failure(`Not caught: ${bad.join(", ")}`);
  say(`✓ ${mutants.length} broken variants, each of them caught`);
}

await runMain(main);
