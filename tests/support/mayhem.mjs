/** Faults and delays of 3dEye, drawn by dice. */

const CALLS = [
  {},
  { method: "GET", path: "/users" },
  { method: "POST", path: "/users" },
  { method: "DELETE", path: "/users" },
  { method: "POST", path: "/roles" },
  { method: "POST", path: "/auth/token" },
];

// No false refusal is among them: after a 401 to a right password the service would replace the account, and rightly so.
const ACTIONS = [
  { status: 500 },
  { status: 500, after: true },
  { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
  { status: 503, after: true },
  { reset: "before" },
  { reset: "after" },
  { hang: true },
  { hang: true, after: true },
  { hangBody: true, after: true },
  { html: true, after: true },
  { truncated: true, after: true },
  { rateLimit: {} },
  { rateLimit: { retryAfter: 1 } },
  { delayMs: 100 },
  { delayMs: 300 },
  { delayMs: 100, after: true },
  { delayMs: 300, after: true },
];

/** Beyond which a call that has arrived has had its effect, or will have none. */
export const LONGEST_EFFECT_MS = 1_000;

const MOST_FAULTS = 4;

/**
 * Draws how the vendor behaves, and what goes wrong for the next calls.
 * @param {import("../../dev/simulator/control.mjs").Control} sim
 * @param {import("./dice.mjs").Dice} dice
 */
export function upset(sim, dice) {
  sim.configure({
    latencyMs: dice.one([0, 0, 5, 20]),
    visibilityDelayMs: { create: dice.one([0, 0, 300, 1000]), delete: dice.one([0, 0, 300, 1000]) },
    roleAttachNotFoundTimes: dice.one([0, 0, 1]),
    createWithoutId: dice.happens(0.1),
  });
  for (let count = dice.below(MOST_FAULTS + 1); count > 0; count -= 1) {
    sim.fault({ match: dice.one(CALLS), skip: dice.below(6), times: 1 + dice.below(3), action: dice.one(ACTIONS) });
  }
}

/** Back to an upstream that does what it is asked to. @param {import("../../dev/simulator/control.mjs").Control} sim */
export function calm(sim) {
  sim.clearFaults();
  sim.configure({
    latencyMs: 0,
    visibilityDelayMs: { create: 0, delete: 0 },
    roleAttachNotFoundTimes: 0,
    createWithoutId: false,
  });
}
