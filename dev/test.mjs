// `npm test`: formatting, lints, native tests, then the built Worker on real
// workerd. Every stage is run even when an earlier one failed, except that
// without a build there is nothing to test end to end.

import { readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { cargoResults } from "./tooling/cargo-results.mjs";
import { buildFuzzers, fuzz, fuzzTargets, replayCommand } from "./tooling/fuzzers.mjs";
import { handOverToNewerNode, NODE, WRANGLER } from "./tooling/node-modules.mjs";
import { nodeResults } from "./tooling/node-results.mjs";
import { inRoot, logFile } from "./tooling/paths.mjs";
import { countOf, noResults, report } from "./tooling/results.mjs";
import { attempt, tail } from "./tooling/run.mjs";
import { explain, Failure, runMain, say, seconds, signsOfLife } from "./tooling/say.mjs";
import { wranglerEnv } from "./tooling/wrangler.mjs";

/** @typedef {import("./setup.mjs").Toolchain} Toolchain */
/** @typedef {import("./tooling/results.mjs").Results} Results */
/** @typedef {{latest: string}} Progress */
/** @typedef {"lint" | "native" | "fuzz" | "e2e"} Part */
/** @typedef {{title: string, part: Part, run: (toolchain: Toolchain, progress: Progress) => Promise<Results>}} Stage */

const HELP = `npm test [-- [--only lint|native|fuzz|e2e] [TEST-FILE …]]

  --only PART   lint: formatting and clippy; native: cargo test; fuzz: every fuzz target for
                some seconds; e2e: the built Worker
  TEST-FILE     only these end-to-end tests, e.g. "auth" for tests/auth.test.mjs
`;

/** End-to-end test files at a time; each has a workerd of its own. */
const FILES_AT_A_TIME = 2;

/** For how long every fuzz target searches, and how many do so at a time. */
const FUZZ_SECONDS = 6;
const FUZZERS_AT_A_TIME = 2;

/** How long a test, and a whole test file, may take before it counts as hung. */
const TEST_LIMIT_MS = 600_000;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(HELP);
  const only = positionals.length > 0 ? "e2e" : values.only;
  if (only && !["lint", "native", "fuzz", "e2e"].includes(only)) throw new Failure(`Unknown part: ${only}\n\n${HELP}`);
  const files = testFiles(positionals);
  const toolchain = await ensureToolchain();
  if (await handOverToNewerNode()) return;
  const chosen = stages(files).filter((stage) => !only || stage.part === only);
  const done = [];
  let buildFailed = false;
  for (const stage of chosen) {
    const results = buildFailed ? notRun("the build failed") : await runStage(stage, toolchain);
    done.push({ title: stage.title, results });
    buildFailed ||= stage.run === buildWorker && results.failed.length > 0;
  }
  if (!report(done)) process.exitCode = 1;
}

/** @param {string[]} files @returns {Stage[]} */
function stages(files) {
  // From fuzz/ on, all that it depends on in this checkout is formatted too.
  const fmt = ["fmt", "--all", "--check", "--manifest-path", inRoot("fuzz", "Cargo.toml"), "--", "--color=never"];
  const clippy = ["clippy", "--all-targets", "--locked", "--", "-D", "warnings"];
  return [
    { title: "cargo fmt --check", part: "lint", run: ({ nativeEnv }, progress) => check("cargo", fmt, "fmt", nativeEnv, progress) },
    { title: "cargo clippy", part: "lint", run: ({ nativeEnv }, progress) => check("cargo", clippy, "clippy", nativeEnv, progress) },
    { title: "native tests", part: "native", run: nativeTests },
    { title: "fuzzers", part: "fuzz", run: fuzzers },
    { title: "build", part: "e2e", run: buildWorker },
    { title: "end-to-end tests", part: "e2e", run: (_, progress) => endToEndTests(files, progress) },
    { title: "wrangler deploy --dry-run", part: "e2e", run: dryRun },
  ];
}

/** @param {Stage} stage @param {Toolchain} toolchain */
async function runStage(stage, toolchain) {
  const began = performance.now();
  const progress = { latest: "" };
  say(`\n━━ ${stage.title}`);
  const stop = signsOfLife(stage.title, progress);
  const results = await stage.run(toolchain, progress);
  stop();
  if (countOf(results) === 0) results.failed.push("not a single test was run");
  const { passed, failed, skipped } = results;
  const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
  say(`━━ ${failed.length === 0 ? "✓" : "✗"} ${stage.title}: ${counts} (${seconds(began)})`);
  return results;
}

/**
 * A tool that is content or not: counts as one test.
 * @param {string} command @param {string[]} args @param {string} log @param {NodeJS.ProcessEnv} env @param {Progress} progress
 * @returns {Promise<Results>}
 */
async function check(command, args, log, env, progress) {
  const result = await attempt(command, args, { log, env: { ...env, CARGO_TERM_COLOR: "never" }, progress });
  if (result.code === 0) return passedOnce();
  say(tail(result.output, 120));
  return failedOnce(`see .dev/logs/${log}.log`);
}

/** @param {Toolchain} toolchain @param {Progress} progress @returns {Promise<Results>} */
async function nativeTests({ nativeEnv }, progress) {
  const env = { ...nativeEnv, CARGO_TERM_COLOR: "never", SPKEY_NODE: NODE };
  // Those that a bare `cargo test` ignores need node and the npm packages, which are here.
  const args = ["test", "--locked", "--no-fail-fast", "--", "--include-ignored", "--skip", "tests::soak::"];
  const result = await attempt("cargo", args, { log: "native-tests", env, progress });
  if (result.code !== 0) say(fromFirst(/^(failures:$|error(\[|:))/m, result.output));
  return cargoResults(result.output, result.code);
}

/**
 * Every target searches for a short while, always from the committed corpus alone.
 * @param {Toolchain} toolchain @param {Progress} progress @returns {Promise<Results>}
 */
async function fuzzers({ nativeEnv }, progress) {
  const results = noResults();
  try {
    const built = await buildFuzzers(nativeEnv, progress);
    const waiting = fuzzTargets();
    const worker = async () => {
      for (let target = waiting.shift(); target; target = waiting.shift()) {
        const outcome = await fuzz(built, target, { seconds: FUZZ_SECONDS, fresh: true, progress });
        say(`  ${outcome.ok ? "✓" : "✗"} ${target}: ${outcome.inputs} inputs`);
        if (outcome.ok) results.passed += 1;
        else {
          say(tail(outcome.output, 40));
          results.failed.push(`${target}: ${replayCommand(target, outcome)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: FUZZERS_AT_A_TIME }, worker));
  } catch (error) {
    explain(error);
    results.failed.push("see .dev/logs/fuzz-build.log");
  }
  return results;
}

/** @param {Toolchain} toolchain @returns {Promise<Results>} */
async function buildWorker(toolchain) {
  try {
    say(`The Worker: ${await build(toolchain)}`);
    return passedOnce();
  } catch (error) {
    explain(error);
    return failedOnce("see .dev/logs/build.log");
  }
}

/** @param {string[]} files @param {Progress} progress @returns {Promise<Results>} */
async function endToEndTests(files, progress) {
  const events = logFile("e2e-events");
  rmSync(events, { force: true });
  const reporter = fileURLToPath(new URL("tooling/node-reporter.mjs", import.meta.url));
  const args = [
    "--test",
    `--test-concurrency=${FILES_AT_A_TIME}`,
    `--test-timeout=${TEST_LIMIT_MS}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${events}`,
    ...files,
  ];
  // What a developer keeps in .env is not part of the tests.
  const env = { ...wranglerEnv(), CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false" };
  const result = await attempt(NODE, args, { log: "e2e", env, progress });
  if (result.code !== 0) say(withoutPasses(result.output));
  return nodeResults(events, result.code);
}

/** @param {Toolchain} _ @param {Progress} progress */
function dryRun(_, progress) {
  const args = ["deploy", "--dry-run", "--outdir", inRoot(".dev", "dry-run")];
  return check(NODE, [WRANGLER, ...args], "dry-run", wranglerEnv(), progress);
}

/** The end-to-end test files, all or those named on the command line. @param {string[]} names */
function testFiles(names) {
  const all = readdirSync(inRoot("tests")).filter((name) => name.endsWith(".test.mjs"));
  const chosen = names.map((name) => {
    const file = `${basename(name).replace(/\.test\.mjs$|\.mjs$/, "")}.test.mjs`;
    if (!all.includes(file)) throw new Failure(`There is no tests/${file}`, { hint: `There are: ${all.join(", ")}` });
    return file;
  });
  return (names.length > 0 ? chosen : all).map((name) => inRoot("tests", name));
}

/** The part of some output that tells what failed. @param {RegExp} start @param {string} output */
function fromFirst(start, output) {
  const at = output.search(start);
  return tail(at < 0 ? output : output.slice(at), at < 0 ? 60 : 300);
}

/** What node's reporter and the tests themselves said, but for the good news. @param {string} output */
function withoutPasses(output) {
  return tail(output.replace(/^\s*[✔▶ℹ].*\n/gm, ""), 300);
}

/** @returns {Results} */
const passedOnce = () => ({ ...noResults(), passed: 1 });
/** @param {string} why @returns {Results} */
const failedOnce = (why) => ({ ...noResults(), failed: [why] });
/** @param {string} why @returns {Results} */
const notRun = (why) => ({ ...noResults(), skipped: [`not run: ${why}`] });

await runMain(main);
