// `npm test`: formatting, lints, types, native tests, then the built Worker on real
// workerd beside the fuzzers. Every stage is run even when an earlier one failed, except
// that without a build there is nothing to test end to end.

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureToolchain } from "./setup.mjs";
import { ensureChromium } from "./toolchain/chromium.mjs";
import { installClients } from "./tooling/clients.mjs";
import { consoleTypesAreFresh } from "./tooling/console-types.mjs";
import { buildFuzzers, fuzz, fuzzTargets, replayCommand } from "./tooling/fuzzers.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { DEV, inRoot } from "./tooling/paths.mjs";
import { attempt, tail } from "./tooling/run.mjs";
import { explain, Failure, runMain, say, seconds, secondsSinceStart, signsOfLife } from "./tooling/say.mjs";
import { runSchemathesis } from "./tooling/schemathesis.mjs";
import { WRANGLER, wranglerEnv } from "./tooling/wrangler.mjs";

/** @typedef {import("./setup.mjs").Toolchain} Toolchain */
/** @typedef {{passed: number, failed: number, skipped: number}} Results */
/** @typedef {{latest: string}} Progress */
/** @typedef {"lint" | "native" | "fuzz" | "e2e" | "api" | "console"} Part */
/** @typedef {{title: string, part: Part, run: (toolchain: Toolchain, progress: Progress) => Promise<Results>}} Stage */

const HELP = `npm test [-- [--only lint|native|fuzz|e2e|console] [TEST-FILE …]]

  --only PART   lint: formatting, clippy, Biome and types; native: cargo test;
                fuzz: every fuzz target for some seconds; e2e: the built Worker;
                console: the operator's console in Chromium
  TEST-FILE     only these end-to-end tests, e.g. "auth" for tests/auth.test.mjs;
                with --only console those of tests/console
`;

/** The parts that can be asked for by name. */
const PARTS = ["lint", "native", "fuzz", "e2e", "console"];

/** The parts that need the built Worker. */
const OF_THE_BUILD = ["e2e", "api", "console"];

/** End-to-end test files at a time; each has a workerd of its own. More than there are processors: many tests wait. */
const FILES_AT_A_TIME = 2 * Math.max(1, Math.min(4, availableParallelism()));

/** The same in Chromium, which works rather than waits. */
const BROWSERS_AT_A_TIME = Math.min(2, availableParallelism());

/** Those that take longest are begun first, so that none is left to run alone. */
const LONG_FILES = [
  "kill",
  "queue-cron",
  "tenant-write",
  "tenant-remove",
  "queue-messages",
  "account-auth",
  "account-costs",
  "auth",
  "account-kill",
  "user-keys-kill",
  "doctor",
].map((name) => `${name}.test.mjs`);

/** What runs on Node, in workerd and in browsers: each has globals of its own. */
const TSCONFIGS = ["tsconfig.json", "tsconfig.workers.json", "tsconfig.console.json"];

/** For how long every fuzz target searches, one after the other. */
const FUZZ_SECONDS = 3;

/** Cases an operation at most: about a minute. `npm run test:api` takes more. */
const SCHEMATHESIS_CASES = 10;

/** How long a test, and a whole test file, may take before it counts as hung. */
const TEST_LIMIT_MS = 600_000;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(HELP);
  const only = values.only ?? (positionals.length > 0 ? "e2e" : undefined);
  if (only && !PARTS.includes(only)) throw new Failure(`Unknown part: ${only}\n\n${HELP}`);
  const files = {
    e2e: testFiles("tests", only === "e2e" ? positionals : []),
    console: testFiles("tests/console", only === "console" ? positionals : []),
  };
  const toolchain = await ensureToolchain();
  whenParentIsGone(() => process.exit(1));
  /** @type {{title: string, results: Results}[]} */
  const done = [];
  let buildFailed = false;
  const isWanted = (/** @type {Stage} */ { part, run }) =>
    !only || part === only || (run === buildWorker && OF_THE_BUILD.includes(only));
  /** @param {Stage[]} lane */
  const oneAfterTheOther = async (lane) => {
    for (const stage of lane.filter(isWanted)) {
      const results = buildFailed && OF_THE_BUILD.includes(stage.part) ? notRun(stage) : await runStage(stage, toolchain);
      done.push({ title: stage.title, results });
      buildFailed ||= stage.run === buildWorker && results.failed > 0;
    }
  };
  for (const lanes of stages(files)) await Promise.all(lanes.map(oneAfterTheOther));
  if (!report(done)) process.exitCode = 1;
}

/**
 * In the order in which they are run; lanes of one step beside each other.
 * @param {{e2e: string[], console: string[]}} files @returns {Stage[][][]}
 */
function stages(files) {
  // From fuzz/ on, all that it depends on in this checkout is formatted too.
  const fmt = ["fmt", "--all", "--check", "--manifest-path", inRoot("fuzz", "Cargo.toml"), "--", "--color=never"];
  const clippy = ["clippy", "--all-targets", "--locked", "--", "-D", "warnings"];
  return [
    [
      [
        {
          title: "cargo fmt --check",
          part: "lint",
          run: ({ nativeEnv }, progress) => check("cargo", fmt, "fmt", nativeEnv, progress),
        },
        {
          title: "biome",
          part: "lint",
          run: (_, progress) => check(bin("biome"), ["ci", "--colors=off"], "biome", process.env, progress),
        },
        ...TSCONFIGS.map(types),
        { title: "the console's types are those of openapi.json", part: "lint", run: consoleTypes },
        {
          title: "cargo clippy",
          part: "lint",
          run: ({ nativeEnv }, progress) => check("cargo", clippy, "clippy", nativeEnv, progress),
        },
        { title: "native tests", part: "native", run: nativeTests },
      ],
      // Linking and optimizing the Worker keeps one processor busy, and writes to folders of its own.
      [{ title: "build", part: "e2e", run: buildWorker }],
    ],
    [
      [
        { title: "end-to-end tests", part: "e2e", run: (_, progress) => endToEndTests(files.e2e, progress) },
        { title: "wrangler deploy --dry-run", part: "e2e", run: dryRun },
      ],
      // Most end-to-end tests wait most of the time.
      [
        { title: "fuzzers", part: "fuzz", run: fuzzers },
        { title: "Schemathesis", part: "api", run: schemathesis },
        { title: "console in Chromium", part: "console", run: (_, progress) => consoleTests(files.console, progress) },
      ],
    ],
  ];
}

/** @param {string} config @returns {Stage} */
const types = (config) => ({
  title: `tsc --project ${config}`,
  part: "lint",
  run: (_, progress) => check(bin("tsc"), ["--project", inRoot(config), "--pretty", "false"], "tsc", process.env, progress),
});

/** @returns {Promise<Results>} */
async function consoleTypes() {
  const fresh = await consoleTypesAreFresh();
  if (!fresh) say("console/src/api.d.ts is not what openapi.json makes: run `npm run openapi`.");
  return once(fresh);
}

/** A tool of the npm packages. @param {string} name */
const bin = (name) => inRoot("node_modules", ".bin", name);

/** @param {Stage} stage @param {Toolchain} toolchain */
async function runStage(stage, toolchain) {
  const began = performance.now();
  const progress = { latest: "" };
  say(`━━ ${stage.title}`);
  const stop = signsOfLife(stage.title, progress);
  const results = await stage.run(toolchain, progress);
  stop();
  const { passed, failed, skipped } = results;
  if (passed + failed + skipped === 0) {
    say("Not a single test was run.");
    results.failed += 1;
  }
  say(`━━ ${results.failed === 0 ? "✓" : "✗"} ${stage.title}: ${countsOf(results)} (${seconds(began)})`);
  return results;
}

/**
 * A tool that is content or not: counts as one test.
 * @param {string} command @param {string[]} args @param {string} log @param {NodeJS.ProcessEnv} env @param {Progress} progress
 * @returns {Promise<Results>}
 */
async function check(command, args, log, env, progress) {
  const result = await attempt(command, args, { log, env: { ...env, CARGO_TERM_COLOR: "never" }, progress });
  if (result.code !== 0) say(tail(result.output, 120));
  return once(result.code === 0);
}

/** @param {Toolchain} toolchain @param {Progress} progress @returns {Promise<Results>} */
async function nativeTests({ nativeEnv }, progress) {
  const env = { ...nativeEnv, CARGO_TERM_COLOR: "never", SPKEY_NODE: process.execPath };
  // Those that a bare `cargo test` ignores need node and the npm packages, which are here.
  const args = ["test", "--locked", "--no-fail-fast", "--", "--include-ignored", "--skip", "simulation::soak::"];
  const { output, code } = await attempt("cargo", args, { log: "native-tests", env, progress });
  if (code !== 0) say(fromFirst(/^(failures:$|error(\[|:))/m, output));
  return sum(output, /^test result: \S+ (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored;/gm, code);
}

/**
 * Every target searches for a short while, always from the committed corpus alone.
 * @param {Toolchain} toolchain @param {Progress} progress @returns {Promise<Results>}
 */
async function fuzzers({ nativeEnv }, progress) {
  const results = { passed: 0, failed: 0, skipped: 0 };
  try {
    const built = await buildFuzzers(nativeEnv, progress);
    for (const target of fuzzTargets()) {
      const outcome = await fuzz(built, target, { seconds: FUZZ_SECONDS, fresh: true, progress });
      say(`  ${outcome.ok ? "✓" : "✗"} ${target}: ${outcome.inputs} inputs`);
      if (outcome.ok) results.passed += 1;
      else {
        say(tail(outcome.output, 40));
        say(`  Again: ${replayCommand(target, outcome)}`);
        results.failed += 1;
      }
    }
  } catch (error) {
    explain(error);
    results.failed += 1;
  }
  return results;
}

/** @param {Toolchain} toolchain @returns {Promise<Results>} */
async function buildWorker(toolchain) {
  try {
    say(`The Worker: ${await build(toolchain)}`);
    return once(true);
  } catch (error) {
    explain(error);
    return once(false);
  }
}

/** @param {string[]} files @param {Progress} progress @returns {Promise<Results>} */
async function endToEndTests(files, progress) {
  await installClients(progress);
  return nodeTests(files, { atATime: FILES_AT_A_TIME, log: "e2e", progress });
}

/** @param {string[]} files @param {Progress} progress @returns {Promise<Results>} */
async function consoleTests(files, progress) {
  const chromium = await ensureChromium();
  if ("missing" in chromium) {
    say(`The console's tests are skipped: ${chromium.missing}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const env = { CHROMIUM: chromium.command };
  return nodeTests(files, { atATime: BROWSERS_AT_A_TIME, log: "console", progress, env });
}

/**
 * @param {string[]} files
 * @param {{atATime: number, log: string, progress: Progress, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<Results>}
 */
async function nodeTests(files, { atATime, log, progress, env: own }) {
  const options = [`--test-concurrency=${atATime}`, `--test-timeout=${TEST_LIMIT_MS}`, "--test-reporter=spec"];
  const env = {
    ...wranglerEnv(),
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false", // what a developer keeps in .env is not part of the tests
    NODE_COMPILE_CACHE: join(DEV, "compile-cache"), // every file loads Miniflare
    ...own,
  };
  const { output, code } = await attempt(process.execPath, ["--test", ...options, ...files], { log, env, progress });
  if (code !== 0) say(withoutPasses(output));
  return sum(output, /^ℹ (?:pass (?<passed>\d+)|(?:fail|cancelled) (?<failed>\d+)|(?:skipped|todo) (?<skipped>\d+))$/gm, code);
}

/** @param {Toolchain} _ @param {Progress} progress */
function dryRun(_, progress) {
  const args = ["deploy", "--dry-run", "--outdir", inRoot(".dev", "dry-run")];
  return check(process.execPath, [WRANGLER, ...args], "dry-run", wranglerEnv(), progress);
}

/** @param {Toolchain} _ @param {Progress} progress @returns {Promise<Results>} */
async function schemathesis(_, progress) {
  const outcome = await runSchemathesis({ cases: SCHEMATHESIS_CASES, progress });
  if ("skipped" in outcome) {
    say(`Schemathesis is skipped: ${outcome.skipped}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  if (outcome.code !== 0) say(tail(outcome.output, 200));
  return once(outcome.code === 0);
}

/** The test files of a folder, all or those named on the command line. @param {string} folder @param {string[]} names */
function testFiles(folder, names) {
  const all = readdirSync(inRoot(folder)).filter((name) => name.endsWith(".test.mjs"));
  const chosen = names.map((name) => {
    const file = `${basename(name).replace(/\.test\.mjs$|\.mjs$/, "")}.test.mjs`;
    if (!all.includes(file)) throw new Failure(`There is no ${folder}/${file}`, { hint: `There are: ${all.join(", ")}` });
    return file;
  });
  const long = LONG_FILES.filter((name) => all.includes(name));
  const others = all.filter((name) => !long.includes(name));
  return (names.length > 0 ? chosen : [...long, ...others]).map((name) => inRoot(folder, name));
}

/**
 * Adds up the totals that a test runner prints.
 * @param {string} output @param {RegExp} totals with groups named like the results @param {number | null} exitCode
 * @returns {Results}
 */
function sum(output, totals, exitCode) {
  const results = { passed: 0, failed: 0, skipped: 0 };
  for (const { groups = {} } of output.matchAll(totals)) {
    results.passed += Number(groups.passed ?? 0);
    results.failed += Number(groups.failed ?? 0);
    results.skipped += Number(groups.skipped ?? 0);
  }
  // It broke before it could count.
  if (exitCode !== 0 && results.failed === 0) results.failed = 1;
  return results;
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

/** @param {boolean} passed @returns {Results} */
const once = (passed) => ({ passed: Number(passed), failed: Number(!passed), skipped: 0 });

/** @param {Stage} stage @returns {Results} */
function notRun({ title }) {
  say(`━━ ${title}: not run, as the build failed`);
  return { passed: 0, failed: 0, skipped: 1 };
}

/** @param {Results} results */
const countsOf = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * Closes with the line that CI reads.
 * @param {{title: string, results: Results}[]} done
 * @returns {boolean} all is well
 */
function report(done) {
  const failed = done.filter(({ results }) => results.failed > 0);
  if (failed.length > 0) say(`\nFailed, see above and .dev/logs: ${failed.map(({ title }) => title).join(", ")}`);
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { results } of done) {
    total.passed += results.passed;
    total.failed += results.failed;
    total.skipped += results.skipped;
  }
  say(`\nAfter ${secondsSinceStart()}:\n${countsOf(total)}`);
  return failed.length === 0;
}

await runMain(main);
