// What 3dEye says about a call that it refused, as far as it can be shown.

import { isObject, parseJson } from "./json.mjs";

const FIELDS = ["message", "Message", "error", "detail", "title"];
const MAX_LENGTH = 160;

/**
 * @param {string} text of the answer
 * @param {string[]} secrets that must not be shown
 * @returns {string} with a colon before it, or nothing
 */
export function saying(text, secrets) {
  const json = parseJson(text);
  const found = isObject(json) ? FIELDS.map((name) => json[name]).find((value) => typeof value === "string") : undefined;
  if (found === undefined) return "";
  let shown = /** @type {string} */ (found);
  for (const secret of secrets.filter((one) => one.length > 3)) shown = shown.replaceAll(secret, "…");
  // E-mails, UUIDs and long numbers could be of others.
  shown = shown.replace(/\S+@\S+|[0-9a-f]{8}(-[0-9a-f]{4,12}){4}|\d{4,}/gi, "…").replace(/[\p{C}\s]+/gu, " ");
  return shown.trim() === "" ? "" : `: ${shown.trim().slice(0, MAX_LENGTH)}`;
}
