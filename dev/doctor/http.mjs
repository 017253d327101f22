// One look at an address, from here.

import { whyFailed } from "../tooling/failed-call.mjs";

const TIMEOUT_MS = 10_000;

/**
 * @typedef {object} Page
 * @property {number} status
 * @property {any} json undefined where the answer is none
 * @property {string} text
 * @property {number | undefined} skew by how many seconds the other clock is ahead of this one; undefined: it does not tell
 *
 * @typedef {{page?: Page, cause: string}} Look
 */

/** @param {string} url @param {{maxBytes?: number}} [limits] @returns {Promise<Look>} */
export async function look(url, { maxBytes = 2 ** 20 } = {}) {
  try {
    const asked = Date.now();
    const headers = { accept: "application/json", "cache-control": "no-cache" };
    const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const middle = (asked + Date.now()) / 2;
    const text = await readText(response, maxBytes);
    if (text === undefined) return { cause: `more than ${maxBytes / 1024} KiB` };
    return { page: { status: response.status, json: parsed(text), text, skew: skewOf(response.headers, middle) }, cause: "" };
  } catch (error) {
    return { cause: whyFailed(error) };
  }
}

/** @param {Response} response @param {number} maxBytes */
async function readText(response, maxBytes) {
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

/** `Date` has whole seconds; an answer out of a cache tells in `Age` how old it is. @param {Headers} headers @param {number} now */
function skewOf(headers, now) {
  const date = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(date)) return undefined;
  return (date + 500 + Number(headers.get("age") ?? 0) * 1000 - now) / 1000;
}
