/**
 * Checks for everything a caller hands to the simulator's controls.
 *
 * A typo in a fault rule or a setting must not silently do nothing: a test that meant to inject a failure would pass
 * without ever having seen it. So every object is closed, and the message names the offending field.
 */

/** A control input that can't be accepted; its message is meant for the person who wrote the input. */
export class ControlError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "ControlError";
  }
}

/**
 * A check returns the accepted value or throws a {@link ControlError}.
 * @typedef {(value: any, path: string) => any} Check
 */

/**
 * @param {string} path
 * @param {string} expectation
 * @returns {never}
 */
export function refuse(path, expectation) {
  throw new ControlError(`${path} must be ${expectation}`);
}

/** @type {Check} */
export const anything = (value) => value;

/** @type {Check} */
export const text = (value, path) => (typeof value === "string" && value !== "" ? value : refuse(path, "a non-empty string"));

/** @type {Check} */
export const flag = (value, path) => (typeof value === "boolean" ? value : refuse(path, "true or false"));

/** @type {Check} For switches that only make sense when they are on. */
export const onlyTrue = (value, path) => (value === true ? value : refuse(path, "true"));

/**
 * @param {{min?: number, max?: number}} [range]
 * @returns {Check}
 */
export const integer =
  ({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
  (value, path) =>
    Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : refuse(path, `an integer from ${min}${max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`}`);

/** @type {Check} */
export const nonNegative = (value, path) =>
  Number.isFinite(value) && value >= 0 ? value : refuse(path, "a number that is not negative");

/** @type {Check} The largest delay a Node timer can hold; beyond it a timer fires at once. */
export const milliseconds = integer({ max: 2 ** 31 - 1 });

/** @type {Check} Vendors use GUIDs or numbers as ids; both are kept in the JSON type they came in. */
export const identifier = (value, path) =>
  (typeof value === "string" && value !== "") || Number.isSafeInteger(value)
    ? value
    : refuse(path, "a non-empty string or an integer");

/**
 * @param {...(string | number)} options
 * @returns {Check}
 */
export const choice =
  (...options) =>
  (value, path) =>
    options.includes(value) ? value : refuse(path, `one of ${options.map((option) => JSON.stringify(option)).join(", ")}`);

/**
 * @param {Check} check
 * @returns {Check}
 */
export const nullable = (check) => (value, path) => (value === null ? null : check(value, path));

/**
 * @param {Check} item
 * @returns {Check}
 */
export const list = (item) => (value, path) =>
  Array.isArray(value) ? value.map((entry, index) => item(entry, `${path}[${index}]`)) : refuse(path, "a list");

/** @type {Check} An object whose field names are the caller's business (claims, headers). */
export const openRecord = (value, path) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : refuse(path, "an object");

/**
 * A closed object. A field that is `undefined` counts as absent, so callers in JavaScript may pass optional values through.
 * @param {Record<string, Check>} fields
 * @param {string[]} [required]
 * @returns {Check}
 */
export const record =
  (fields, required = []) =>
  (value, path) => {
    openRecord(value, path);
    /** @type {Record<string, any>} */
    const accepted = {};
    for (const [name, entry] of Object.entries(value)) {
      if (!Object.hasOwn(fields, name)) {
        throw new ControlError(`${path}.${name} is not a known field (known: ${Object.keys(fields).join(", ")})`);
      }
      if (entry !== undefined) accepted[name] = fields[name](entry, `${path}.${name}`);
    }
    for (const name of required) {
      if (!Object.hasOwn(accepted, name)) throw new ControlError(`${path}.${name} is missing`);
    }
    return accepted;
  };
