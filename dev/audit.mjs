// `npm run audit`: what is known against the packages that are used. cargo-deny looks at licences,
// duplicates and sources of the Rust crates, and at the advisories of RustSec; npm asks its registry for the
// advisories of npm packages. What cannot be reached is named, and is no failure.

import { delimiter, dirname } from "node:path";
import { ensureToolchain } from "./setup.mjs";
import { findTool, installTools } from "./toolchain/cargo-tools.mjs";
import { attempt, tail } from "./tooling/run.mjs";
import { Failure, runMain, say, step } from "./tooling/say.mjs";

const CARGO_DENY = { crate: "cargo-deny", binary: "cargo-deny", version: "0.20.2" };

/** @typedef {"clean" | "findings" | "unseen"} Verdict */

/**
 * What cargo-deny says of advisories. Its code is the same when it found some and when it could not fetch
 * them.
 * @param {{code: number | null, output: string}} outcome
 * @returns {Verdict}
 */
export function judgeAdvisories({ code, output }) {
  if (code === 0) return "clean";
  // Anything else that goes wrong must not pass for a database out of reach.
  return /failed to fetch advisory database/.test(output) ? "unseen" : "findings";
}

/**
 * What `npm audit --json` says.
 * @param {{stdout: string}} outcome
 * @returns {Verdict}
 */
export function judgeNpm({ stdout }) {
  try {
    const { total } = JSON.parse(stdout).metadata.vulnerabilities;
    if (typeof total !== "number") return "unseen";
    return total === 0 ? "clean" : "findings";
  } catch {
    // A registry without advisories answers with an error of its own.
    return "unseen";
  }
}

async function main() {
  const { nativeEnv } = await ensureToolchain();
  if (!(await findTool(CARGO_DENY))) await installTools([CARGO_DENY], nativeEnv);
  const binary = await findTool(CARGO_DENY);
  if (!binary) throw new Failure("cargo-deny is not there after installing it");
  const env = { ...nativeEnv, PATH: [dirname(process.execPath), nativeEnv.PATH].join(delimiter) };
  const deny = (/** @type {string[]} */ what, /** @type {string} */ log) =>
    attempt(binary, ["--locked", "check", ...what], { env, log, timeoutMs: 300_000 });

  /** @type {Map<string, {verdict: Verdict, output: string}>} */
  const seen = new Map();
  await step("licences, duplicates and sources of the Rust crates", async () => {
    const outcome = await deny(["bans", "licenses", "sources"], "audit-crates");
    seen.set("licences, duplicates and sources", { verdict: outcome.code === 0 ? "clean" : "findings", output: outcome.output });
  });
  await step("advisories of the Rust crates", async () => {
    const outcome = await deny(["advisories"], "audit-advisories");
    seen.set("RustSec's advisories", { verdict: judgeAdvisories(outcome), output: outcome.output });
  });
  await step("advisories of the npm packages", async () => {
    const args = ["audit", "--json", "--package-lock-only"];
    const outcome = await attempt("npm", args, { env, log: "audit-npm", timeoutMs: 120_000 });
    seen.set("npm's advisories", { verdict: judgeNpm(outcome), output: outcome.output });
  });
  report(seen);
}

/** @param {Map<string, {verdict: Verdict, output: string}>} seen */
function report(seen) {
  say("");
  const found = [...seen].filter(([, { verdict }]) => verdict === "findings");
  for (const [what, { verdict, output }] of seen) {
    const words = { clean: "nothing found", findings: "FOUND SOMETHING", unseen: "NOT SEEN, could not be fetched" };
    say(`${what}: ${words[verdict]}`);
    if (verdict === "findings") say(tail(output, 60));
  }
  if (found.length > 0) {
    throw new Failure(`Findings: ${found.map(([what]) => what).join(", ")}`, { hint: "docs/TESTING.md tells how to read them." });
  }
}

if (import.meta.main) await runMain(main);
