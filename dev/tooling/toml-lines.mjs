// Changes one entry of a TOML file by its line, so that comments and order stay. A parser reads the result: where more or
// less than the entry has changed, nothing is written.

import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import { Failure } from "./say.mjs";

/**
 * @param {string} text of the file
 * @param {{header: string}} table the line that begins it, "[vars]"; of several the first; "" is the top
 * @param {string} name @param {string} value an empty one removes the entry
 * @returns {string}
 */
export function withEntry(text, { header }, name, value) {
  const before = read(text);
  const line = value === "" ? undefined : `${name} = ${quoted(value)}`;
  const lines = text.split("\n");
  const begin = header === "" ? -1 : lines.findIndex((one) => one.replace(/\s*#.*$/, "").trim() === header);
  if (header !== "" && begin < 0)
    return line === undefined ? text : checked(`${text.trimEnd()}\n\n${header}\n${line}\n`, before, header, name, value);
  const after = lines.findIndex((one, index) => index > begin && one.trimStart().startsWith("["));
  const end = after < 0 ? lines.length : after;
  const isEntry = (/** @type {string} */ one) =>
    one
      .replace(/=.*$/s, "")
      .trim()
      .replace(/^"(.*)"$/, "$1") === name && one.includes("=");
  const found = lines.findIndex((one, index) => index > begin && index < end && isEntry(one));
  if (found >= 0) lines.splice(found, 1, ...(line === undefined ? [] : [line]));
  else if (line !== undefined) lines.splice(lastEntry(lines, begin, end) + 1, 0, line);
  return checked(lines.join("\n"), before, header, name, value);
}

/** The last line of a table that is neither empty nor a comment; comments at its end belong to the next one. @param {string[]} lines @param {number} begin @param {number} end */
function lastEntry(lines, begin, end) {
  for (let index = end - 1; index > begin; index -= 1) if (/^\s*[^\s#]/.test(lines[index] ?? "")) return index;
  return begin;
}

/** @param {string} text @returns {any} */
function read(text) {
  try {
    return parse(text);
  } catch (error) {
    throw new Failure(`The file is not TOML: ${/** @type {Error} */ (error).message.split("\n")[0]}`);
  }
}

/** @param {string} value as a basic string of TOML, which is one of JSON but for U+007F */
function quoted(value) {
  if (/\p{Cc}/u.test(value)) throw new Failure("A value must not have control characters");
  return JSON.stringify(value);
}

/** @param {string} text @param {any} before @param {string} header @param {string} name @param {string} value */
function checked(text, before, header, name, value) {
  const wanted = structuredClone(before);
  const path = header
    .replace(/^\[+|\]+$/g, "")
    .split(".")
    .filter(Boolean);
  let table = wanted;
  for (const step of path) {
    table[step] ??= header.startsWith("[[") && step === path.at(-1) ? [{}] : {};
    table = Array.isArray(table[step]) ? table[step][0] : table[step];
  }
  if (value === "") delete table[name];
  else table[name] = value;
  if (isDeepStrictEqual(plain(parseOrNothing(text)), plain(wanted))) return text;
  throw new Failure(`${name} cannot be changed by its line`, { hint: "Change it by hand: perhaps it spans several lines." });
}

/** @param {string} text */
function parseOrNothing(text) {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Without prototypes, which differ. @param {unknown} value */
const plain = (value) => JSON.parse(JSON.stringify(value ?? null));
