// JSON as 3dEye writes it. Whole numbers that JavaScript would round, as some ids are, stay exact as BigInts: a rounded id
// is another account's.

/** @typedef {any} Json what `parseJson` returns: JSON's types, and BigInt */

/**
 * @param {string} text
 * @returns {Json | undefined} undefined if it is no JSON
 */
export function parseJson(text) {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""), exact);
  } catch {
    return undefined;
  }
}

/** @type {any} the type library does not know the third parameter yet */
const exact = (/** @type {string} */ _key, /** @type {unknown} */ value, /** @type {{source?: string}} */ context) =>
  typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? "")
    ? BigInt(/** @type {string} */ (context.source))
    : value;

/** The reverse of `parseJson`. @param {Json} value @param {number} [indent] @returns {string} */
export const stringifyJson = (value, indent) =>
  JSON.stringify(
    value,
    (_key, entry) => (typeof entry === "bigint" ? /** @type {any} */ (JSON).rawJSON(String(entry)) : entry),
    indent,
  );

/** @param {Json} value */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A name as a .NET backend would spell it. @param {string} name */
export const pascal = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/** The names under which a field is looked for. @param {string} name */
export const spellings = (name) => [...new Set([name, pascal(name)])];

/**
 * A field as given or in PascalCase.
 * @param {Json} object @param {string} name
 * @returns {Json} undefined if it is not there; a field that is there in both spellings is not there in either
 */
export function fieldOf(object, name) {
  const there = spellings(name).filter((spelling) => Object.hasOwn(object, spelling));
  return there.length === 1 ? object[there[0]] : undefined;
}

/** Whether a text can be shown or set as the name of a field. @param {string} name */
export const isPlainName = (name) => /^[A-Za-z_$][\w.$-]{0,63}$/.test(name);

/** Whether a body is a page for people. @param {string} text */
export const isMarkup = (text) =>
  text
    .replace(/^\ufeff/, "")
    .trimStart()
    .startsWith("<");
