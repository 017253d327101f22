/**
 * What a log may hold: one JSON object a line, of documented fields, and never a secret or a whole e-mail. The sweep goes
 * over all that a test file made the Worker write.
 */

/** The fields of every kind of line; those with `?` may be null. */
const FIELDS = /** @type {Record<string, Record<string, "string" | "number" | "boolean" | "string?" | "strings">>} */ ({
  "http.request": {
    event: "string",
    level: "string",
    "request.id": "string",
    "http.method": "string",
    "http.route": "string?",
    "http.status": "number",
    "caller.name": "string?",
    "user.id": "string?",
    "error.cause": "string?",
    "duration.ms": "number",
  },
  "backfill.run": {
    event: "string",
    level: "string",
    "request.id": "string",
    "run.id": "string?",
    "run.total": "number",
    "run.created": "number",
    "run.removed": "number",
    "run.paused": "boolean",
    "run.failed": "number",
    "error.cause": "string?",
    "duration.ms": "number",
  },
  "notices.delivery": {
    event: "string",
    level: "string",
    "request.id": "string",
    "notices.claimed": "number",
    "notices.delivered": "number",
    "notices.failed": "number",
    "notices.deferred": "number",
    "notices.expired": "number",
    "error.cause": "string?",
    "duration.ms": "number",
  },
  "queue.delivery": {
    event: "string",
    level: "string",
    "request.id": "string",
    "queue.name": "string",
    "queue.messages": "number",
    "queue.retried": "number",
    "queue.unreadable": "number",
    "run.ids": "strings",
    "run.total": "number",
    "run.created": "number",
    "run.failed": "number",
    "error.cause": "string?",
    "duration.ms": "number",
  },
  alerts: {
    event: "string",
    level: "string",
    "request.id": "string",
    "alerts.fired": "number",
    "alerts.resolved": "number",
    "alerts.failed": "number",
    "error.cause": "string?",
    "duration.ms": "number",
  },
  "alerts.heartbeat": {
    event: "string",
    level: "string",
    "request.id": "string",
    "error.cause": "string",
    "duration.ms": "number",
  },
  upkeep: { event: "string", level: "string", "request.id": "string", "error.cause": "string", "duration.ms": "number" },
  "config.invalid": { event: "string", level: "string", "config.problems": "strings" },
});

/** What looks like a secret of ours wherever it turns up, known to the test or not. */
const SHAPES = /** @type {[string, RegExp][]} */ ([
  ["a whole e-mail", /[^\s"'*@]@[a-z0-9-]+(\.[a-z0-9-]+)+/i],
  ["a JWT", /eyJ[\w-]+\.[\w-]+/],
  ["an API key", /spk_[\w-]{20,}/],
  ["a key of an instance", /\b[0-9a-f]{40}\b/i],
  ["an access token of 3dEye", /sim-access-/],
]);

/** Shorter texts are words, and would be found in innocent lines. */
const SHORTEST_SECRET = 8;

/**
 * @param {string[]} lines
 * @param {Iterable<string>} secrets
 * @returns {string[]} what is wrong, a sentence each
 */
export function sweep(lines, secrets) {
  const text = lines.join("\n").toLowerCase();
  const found = [...secrets].filter(
    (secret) => secret.length >= SHORTEST_SECRET && formsOf(secret).some((form) => text.includes(form)),
  );
  return [
    ...lines.flatMap(faultsOfForm),
    ...found.map((secret) => `a line holds a secret that begins with ${secret.slice(0, 4)}`),
    ...lines.flatMap((line) => SHAPES.filter(([, shape]) => shape.test(line)).map(([name]) => `a line holds ${name}: ${line}`)),
  ];
}

/** A secret also counts when it was escaped, or in another case. @param {string} secret */
const formsOf = (secret) =>
  [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])].map((form) => form.toLowerCase());

/** @param {string} line */
function faultsOfForm(line) {
  const parsed = parse(line);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return [`not one JSON object: ${line}`];
  const fields = FIELDS[parsed.event];
  if (!fields) return [`an undocumented event: ${line}`];
  const names = Object.keys(parsed);
  return [
    ...names.filter((name) => !(name in fields)).map((name) => `an undocumented field ${name}: ${line}`),
    ...Object.keys(fields)
      .filter((name) => !names.includes(name))
      .map((name) => `without ${name}: ${line}`),
    ...Object.entries(fields)
      .filter(([name, type]) => !isOf(type, parsed[name]))
      .map(([name]) => `${name} is of another type: ${line}`),
    ...(["info", "warn", "error"].includes(parsed.level) ? [] : [`an unknown level: ${line}`]),
  ];
}

/** @param {string} type @param {any} value */
function isOf(type, value) {
  if (type === "strings") return Array.isArray(value) && value.every((entry) => typeof entry === "string");
  if (type === "string?") return value === null || typeof value === "string";
  return typeof value === type;
}

/** @param {string} line */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
