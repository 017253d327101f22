/** `npm run tenant` as a process of its own, against the simulator. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { API_KEY, LOGIN } from "./simulator.mjs";

const MAIN = fileURLToPath(new URL("../../dev/tenant.mjs", import.meta.url));

/** The simulated service account, as the environment has it. */
export const WITH_LOGIN = { THREEDEYE_USERNAME: LOGIN.username, THREEDEYE_PASSWORD: LOGIN.password };

/** How a run ends that is not interrupted. */
export const EXIT = { asAssumed: 0, differs: 1, usage: 2, notReached: 3 };

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {string} stdout
 * @property {string} stderr
 * @property {any} report of a run with --json that came to one
 * @property {any} transcript of a run that wrote one
 * @property {string} transcriptText
 */

/** @param {{url: string}} sim what it runs against unless told otherwise */
export async function tenantFor(sim) {
  const folder = await mkdtemp(join(tmpdir(), "tenant-test-"));
  after(() => rm(folder, { recursive: true }));
  let count = 0;

  /**
   * Begins a run; only what is given is in its environment.
   * @param {string[]} args @param {Record<string, string>} [env]
   */
  function begin(args, env = {}) {
    count += 1;
    const file = join(folder, `${count}.json`);
    const child = spawn(process.execPath, [MAIN, "--transcript", file, ...args], {
      env: { THREEDEYE_BASE_URL: `${sim.url}/v3`, THREEDEYE_API_KEY: API_KEY, THREEDEYE_CUSTOMER_ID: "cust-1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      child[name].setEncoding("utf8").on("data", (chunk) => (said[name] += chunk));
    }
    /** @returns {Promise<Ended>} */
    const end = async () => {
      const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
      const transcriptText = await readFile(file, "utf8").catch(() => "");
      const transcript = transcriptText ? JSON.parse(transcriptText) : undefined;
      const report = args.includes("--json") && said.stdout ? JSON.parse(said.stdout) : undefined;
      return { code, ...said, report, transcript, transcriptText };
    };
    return { child, said, ended: end() };
  }

  /** Runs it to its end, with the report as JSON. @param {string[]} [args] @param {Record<string, string>} [env] */
  const run = (args = [], env = {}) => begin(["--json", ...args], env).ended;

  return { begin, run };
}

/** @param {Ended} ended @param {number} row */
export const rowOf = ({ report }, row) => report.rows.find((/** @type {{row: number}} */ one) => one.row === row);

/** @param {Ended} ended @param {string} verdict @returns {number[]} the rows with it */
export const rowsThat = ({ report }, verdict) =>
  report.rows.filter((/** @type {any} */ one) => one.verdict === verdict).map((/** @type {any} */ one) => one.row);

/**
 * The run differs in one row alone.
 * @param {Ended} ended @param {number} row @param {{seen: RegExp, change: RegExp}} difference
 */
export function assertDiffers(ended, row, { seen, change }) {
  assert.deepEqual(rowsThat(ended, "differs"), [row], ended.stdout);
  const [difference] = rowOf(ended, row).differences;
  assert.match(difference.seen, seen);
  assert.match(difference.change, change);
  assert.equal(ended.code, EXIT.differs);
}
