// The three ways of docs/API.md to reset a user's key, word for word.

import { CLIENTS, installClients } from "../tooling/clients.mjs";
import { findPython, installPackages } from "../tooling/old-python.mjs";
import { Failure, say, step } from "../tooling/say.mjs";
import { API, output, readBlocks } from "./blocks.mjs";

const CHAPTER = "### Reset a key";

/** The package's metaclasses are refused by 3.8 and newer. */
const PYTHON_VERSIONS = ["3.7", "3.6", "2.7"];

/** @typedef {import("../tooling/demo-instance.mjs").DemoInstance} DemoInstance */
/** @typedef {{worker: string, instance: DemoInstance}} Place */

/**
 * @param {Place} place
 * @param {boolean} all whether an example that cannot be run here counts as failed
 */
export async function tryUserKeys(place, all) {
  const env = { ...process.env, ...variables(place) };
  const code = readExamples();

  let last = await resetKey(place);
  const show = (/** @type {string} */ title, /** @type {(progress: {latest: string}) => Promise<string>} */ work) =>
    step(`a user's key: ${title}`, async (progress) => {
      last = await onlyValidKey(place, await work(progress), last);
    });
  await show("curl", () => output("sh", ["-c", code.curl], env));
  await show("JavaScript", async (progress) => {
    await installClients(progress);
    return output(process.execPath, ["--input-type=module", "--eval", code.javascript], env, CLIENTS);
  });

  const python = await findPython(PYTHON_VERSIONS);
  if (python) {
    await show(`Python ${python.version}`, async (progress) => {
      const PYTHONPATH = await installPackages(python, code.pip, progress);
      return output(python.command, ["-c", code.python], { ...env, PYTHONPATH });
    });
    return say("Each made a new key, which works; the one before is refused.");
  }
  const why = `The Python example was not run: no Python ${PYTHON_VERSIONS.join(", ")} with pip is here, and the package runs on no other`;
  if (all) throw new Failure(why, { hint: "PYTHON=/path/to/python3.7 npm run examples" });
  say(`  ${why}.\nEach of the others made a new key, which works; the one before is refused.`);
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
  const only = readBlocks(API, CHAPTER);
  return {
    curl: only("sh", "curl "),
    javascript: only("js", "Syncano("),
    pip: only("sh", "pip install "),
    python: only("python", "syncano.connect("),
  };
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
  if (!key)
    throw new Failure(`The demo instance's user got no key: ${status} ${text}`, {
      hint: "Is npm start of this checkout still running?",
    });
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
