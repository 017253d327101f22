// `npm run examples`: README's three ways to reset a user's key, word for word,
// against what `npm start` has running.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readDemoInstance } from "./tooling/demo-instance.mjs";
import { codeUnder } from "./tooling/markdown.mjs";
import { handOverToNewerNode } from "./tooling/node-modules.mjs";
import { findPython, installPackages } from "./tooling/old-python.mjs";
import { inRoot } from "./tooling/paths.mjs";
import { run } from "./tooling/run.mjs";
import { readRunFile } from "./tooling/run-file.mjs";
import { Failure, runMain, say, step } from "./tooling/say.mjs";

const HELP = `npm run examples [-- --all]

  --all    an example that cannot be run here counts as failed; without it that is only said
  --help   this text

The Python example takes the first Python that can run it: $PYTHON, those on the path, those of pyenv.
`;

const CHAPTER = "#### Reset a key";

/** The package's metaclasses are refused by 3.8 and newer. */
const PYTHON_VERSIONS = ["3.7", "3.6", "2.7"];

const LIMIT_MS = 60_000;

/** @typedef {import("./tooling/demo-instance.mjs").DemoInstance} DemoInstance */
/** @typedef {{worker: string, instance: DemoInstance}} Place */

async function main() {
  const { values } = parseArgs({ options: { all: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return say(HELP);
  if (await handOverToNewerNode()) return;
  const place = findPlace();
  const env = { ...process.env, ...variables(place) };
  const code = readExamples();

  let last = await resetKey(place);
  const show = (/** @type {string} */ title, /** @type {(progress: {latest: string}) => Promise<string>} */ work) =>
    step(title, async (progress) => {
      last = await onlyValidKey(place, await work(progress), last);
    });
  await show("curl", () => output("sh", ["-c", code.curl], env));
  await show("JavaScript", () => output(process.execPath, ["--input-type=module", "--eval", code.javascript], env));

  const python = await findPython(PYTHON_VERSIONS);
  if (python) {
    await show(`Python ${python.version}`, async (progress) => {
      const PYTHONPATH = await installPackages(python, code.pip, progress);
      return output(python.command, ["-c", code.python], { ...env, PYTHONPATH });
    });
    return say("Each made a new key, which works; the one before is refused.");
  }
  const why = `The Python example was not run: no Python ${PYTHON_VERSIONS.join(", ")} with pip is here, and the package runs on no other`;
  if (values.all) throw new Failure(why, { hint: "PYTHON=/path/to/python3.7 npm run examples" });
  say(`  ${why}.\nEach of the others made a new key, which works; the one before is refused.`);
}

/** @returns {Place} */
function findPlace() {
  const running = readRunFile();
  const instance = readDemoInstance();
  if (!running) throw new Failure("Nothing runs in this checkout", { hint: "Start it with npm start, then try again." });
  if (!instance) throw new Failure("There is no demo instance", { hint: "The output of npm start tells why." });
  return { worker: running.worker, instance };
}

/** Those that `npm start` prints. @param {Place} place */
function variables({ worker, instance }) {
  return {
    BASE: worker,
    INSTANCE: instance.name,
    INSTANCE_KEY: instance.apiKey,
    ACCOUNT_KEY: instance.accountKey,
    INSTANCE_USER: String(instance.user),
  };
}

function readExamples() {
  const blocks = codeUnder(readFileSync(inRoot("README.md"), "utf8"), CHAPTER);
  const only = (/** @type {string} */ language, /** @type {string} */ word) => {
    const found = blocks.filter((block) => block.language === language && block.code.includes(word));
    if (found.length !== 1) throw new Failure(`README.md has ${found.length} ${language} blocks with ${word} under "${CHAPTER}"`);
    return found.map(({ code }) => code).join();
  };
  return {
    curl: only("sh", "curl "),
    javascript: only("js", "Syncano("),
    pip: only("sh", "pip install "),
    python: only("python", "syncano.connect("),
  };
}

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function output(command, args, env) {
  return (await run(command, args, { env, timeoutMs: LIMIT_MS })).stdout;
}

/**
 * @param {Place} place
 * @param {string} text what an example printed
 * @param {string} last the key before
 * @returns {Promise<string>} the key in `text`
 */
async function onlyValidKey(place, text, last) {
  const [key] = keysIn(text);
  if (!key || key === last) throw new Failure("It printed no new key", { tail: text });
  const { instance } = place;
  const now = await call(place, "GET", "user/", { "X-API-KEY": instance.apiKey, "X-USER-KEY": key });
  if (now.body.id !== instance.user) throw new Failure(`The new key is not the user's: ${now.status} ${now.text}`);
  const before = await call(place, "GET", "user/", { "X-API-KEY": instance.apiKey, "X-USER-KEY": last });
  if (before.status !== 403) throw new Failure(`The old key is not refused: ${before.status} ${before.text}`);
  return key;
}

/** @param {Place} place @returns {Promise<string>} the key it is after the reset */
async function resetKey(place) {
  const { instance } = place;
  const { status, text } = await call(place, "POST", `users/${instance.user}/reset_key/`, { "X-API-KEY": instance.apiKey });
  const [key] = keysIn(text);
  if (!key) throw new Failure(`The demo instance's user got no key: ${status} ${text}`, { hint: "Is npm start of this checkout still running?" });
  return key;
}

/** @param {string} text */
const keysIn = (text) => text.match(/\b[0-9a-f]{40}\b/g) ?? [];

/** @param {Place} place @param {string} method @param {string} path @param {Record<string, string>} headers */
async function call({ worker, instance }, method, path, headers) {
  const url = `${worker}/v1.1/instances/${instance.name}/${path}`;
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

await runMain(main);
