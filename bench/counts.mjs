// How often our Worker goes to D1 and upstream, and how many rows that reads
// and writes. Counts are exact, so each of them can hold us to a promise.

import { randomUUID } from "node:crypto";
import { addProtected, openSession } from "./people.mjs";
import { ownUser, resetKey, verify } from "./rows.mjs";
import { instrumented, twin } from "./workers.mjs";
import { CREDENTIALS_KEY, World } from "./world.mjs";

/** @typedef {import("./world.mjs").Request} Request */
/** @typedef {import("../dev/simulator/calls.mjs").Call} Call */

/**
 * @typedef {object} Counts
 * @property {number[]} d1 calls, of each request
 * @property {number[]} rowsRead
 * @property {number[]} rowsWritten
 * @property {number} upstream calls, per request
 * @property {any[]} answers what each request was told
 * @property {Call[]} calls that reached the simulator, of all requests
 *
 * @typedef {object} Check
 * @property {string} what
 * @property {number} seen where requests differ, one that breaks the promise
 * @property {string} promised
 * @property {boolean} kept
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {Request} request
 * @property {number} [latencyMs] of the upstream
 * @property {(counts: Counts) => Check[]} promises
 */

const TIMES = 5;
/** Each run of a backfill adds its users to the list, which shall stay one page. */
const RUNS = 2;
/** The default limit of a backfill. */
export const BATCH = 50;
const AT_A_TIME = 6;
const LATENCY_MS = 100;
const MAX_D1_CALLS = 6;
/** The caller's own account. */
const ME = "/api/users/@me";

/** @param {import("./world.mjs").Surroundings} surroundings */
export async function countAll(surroundings) {
  const world = await World.create(await instrumented(), surroundings);
  try {
    const counted = [];
    for (const { name, request, latencyMs = 0, promises } of await scenarios(world)) {
      // What the Worker keeps in memory (keys, 3dEye's token) is not to be counted; a backfill has no users to spare for it.
      const isBackfill = request.path.startsWith("/admin/backfill") && request.status === 200;
      if (!isBackfill) await world.call(request);
      await surroundings.simulator.ask("configure", { latencyMs });
      const counts = await count(world, request, isBackfill ? RUNS : TIMES);
      counted.push({ name, counts, checks: promises(counts) });
    }
    return counted;
  } finally {
    await surroundings.simulator.ask("configure", { latencyMs: 0 });
    await world.close();
  }
}

/** What the same backfill takes the twin, which promises nothing. @param {import("./world.mjs").Surroundings} surroundings */
export async function countTwin(surroundings) {
  const world = await World.create(await instrumented(await twin()), surroundings);
  const putBack = await surroundings.remember();
  try {
    await world.addUsers(BATCH);
    return { name: `the twin's backfill of ${BATCH}`, counts: await count(world, backfillOf(world), 1) };
  } finally {
    await putBack();
    await world.close();
  }
}

/** @param {World} world */
const backfillOf = ({ surroundings: { admin } }) => ({
  method: "POST",
  path: `/admin/backfill-threedeye?limit=${BATCH}`,
  headers: admin,
  status: 200,
});

/** @param {World} world @param {Request} request @param {number} times @returns {Promise<Counts>} */
async function count(world, request, times) {
  const { simulator } = world.surroundings;
  await simulator.ask("clearCalls");
  /** @type {Awaited<ReturnType<World["call"]>>[]} */
  const answers = [];
  for (let i = 0; i < times; i += 1) answers.push(await world.call(request));
  const calls = await simulator.ask("calls");
  const told = (/** @type {string} */ header) => answers.map(({ headers }) => Number(headers[header]));
  return {
    d1: told("x-d1-round-trips"),
    rowsRead: told("x-d1-rows-read"),
    rowsWritten: told("x-d1-rows-written"),
    upstream: calls.length / times,
    answers: answers.map(({ json }) => json),
    calls,
  };
}

/** @param {World} world @returns {Promise<Scenario[]>} */
async function scenarios(world) {
  const { admin } = world.surroundings;
  const backfill = backfillOf(world);
  const [user = ""] = await world.addUsers(BATCH);
  await world.call(backfill);
  await world.addUsers(2 * RUNS * BATCH);
  const [keeping, changing] = await world.addInstances();
  const credentials = { method: "GET", path: `/users/${user}/3deye-credentials`, status: 200 };
  const person = await world.surroundings.person(user);
  const guarded = await addProtected(world, CREDENTIALS_KEY);
  const session = await openSession(world);
  const page = (/** @type {string} */ path) => ({ method: "GET", path, headers: session, status: 200 });
  const phone = { token: "bench-phone", platform: "ios" };
  return [
    lookup("GET /health", { method: "GET", path: "/health", status: 200 }, { d1: 1, upstream: 0 }),
    lookup(
      "401: wrong admin key",
      { ...backfill, headers: { ...admin, "x-admin-api-key": "wrong" }, status: 401 },
      { d1: 0, upstream: 0 },
    ),
    // Refused only once the caller is known: all that it costs is authentication.
    lookup(
      "400: the admin pair is right",
      { ...backfill, path: `${backfill.path}&unknown=1`, status: 400 },
      { d1: 0, upstream: 0 },
    ),
    lookup(
      "diagnostics",
      { method: "GET", path: `/admin/threedeye/users/${user}`, headers: admin, status: 200 },
      { d1: 1, upstream: 1 },
    ),
    lookup("credentials, by API key", { ...credentials, headers: await world.program() }, { d1: 1, upstream: 0 }),
    lookup("credentials, by JWT", { ...credentials, headers: person }, { d1: 1, upstream: 0 }),
    lookup("a user of an instance, by its key", { ...ownUser(keeping), status: 200 }, { d1: 1, upstream: 0, rowsRead: 3 }),
    lookup(
      "… with an unknown user key",
      { ...ownUser(keeping, "0".repeat(40)), status: 403 },
      { d1: 1, upstream: 0, rowsRead: 3 },
    ),
    lookup("reset of a user's key", { ...resetKey(changing), status: 200 }, { d1: 2, upstream: 0, rowsRead: 8 }),
    lookup("the full user", { method: "GET", path: ME, headers: person, status: 200 }, { d1: 1, upstream: 0, rowsRead: 3 }),
    lookup(
      "two-factor status",
      { method: "GET", path: `${ME}/two_factor_status`, headers: person, status: 200 },
      { d1: 1, upstream: 0, rowsRead: 3 },
    ),
    lookup(
      "a code of the second factor, by API key",
      { ...verify(guarded, await world.program("user:verify")), status: 200 },
      { d1: 2, upstream: 0, rowsRead: 12 },
    ),
    lookup("console: the session", page("/console/session"), { d1: 1, upstream: 0, rowsRead: 2 }),
    lookup("console: a user", page(`/admin/users/${user}`), { d1: 2, upstream: 0, rowsRead: 8 }),
    lookup(
      "console: a search by e-mail",
      { ...page("/admin/users/search"), method: "POST", json: { query: user.slice(0, 8), by: "email" } },
      { d1: 2, upstream: 0, rowsRead: 5 },
    ),
    lookup(
      "start of a two-factor set-up",
      { method: "GET", path: `${ME}/two_factor_start_setup`, headers: person, status: 200 },
      { d1: 1, upstream: 0, rowsRead: 9 },
    ),
    lookup(
      "a change of the profile",
      // What is set already would not be written.
      { method: "PATCH", path: ME, headers: person, json: () => ({ first_name: randomUUID() }), status: 200 },
      { d1: 2, upstream: 0, rowsRead: 23 },
    ),
    lookup(
      "a phone that registers again",
      { method: "POST", path: `${ME}/push_tokens`, headers: person, json: phone, status: 200 },
      { d1: 2, upstream: 0, rowsRead: 11 },
    ),
    ...[0, LATENCY_MS].map((latencyMs) => ({
      name: `backfill of ${BATCH}, upstream +${latencyMs} ms`,
      request: backfill,
      latencyMs,
      promises: (/** @type {Counts} */ counts) => backfillPromises(counts, latencyMs),
    })),
  ];
}

/** @param {string} name @param {Request} request @param {{d1: number, upstream: number, rowsRead?: number}} promised @returns {Scenario} */
function lookup(name, request, { d1, upstream, rowsRead }) {
  return {
    name,
    request,
    promises: (counts) => [
      exactly("D1 calls", d1, counts.d1),
      exactly("upstream calls", upstream, [counts.upstream]),
      ...(rowsRead === undefined ? [] : [atMost("rows read", rowsRead, counts.rowsRead)]),
    ],
  };
}

/** @param {Counts} counts @param {number} latencyMs @returns {Check[]} */
function backfillPromises({ d1, answers, calls }, latencyMs) {
  const lists = calls.filter(({ method, path }) => method === "GET" && path === "/v3/users");
  const creates = calls.filter(({ method, path }) => method === "POST" && path === "/v3/users");
  const together = [Math.max(...creates.map(({ concurrent }) => concurrent))];
  return [
    atMost("D1 calls", MAX_D1_CALLS, d1),
    exactly(
      "users provisioned",
      BATCH,
      answers.map(({ created }) => created),
    ),
    // The list is one page long.
    exactly("list reads", 1, [lists.length / RUNS]),
    exactly("creates", BATCH, [creates.length / RUNS]),
    exactly("other upstream calls", 0, [(calls.length - lists.length - creates.length) / RUNS]),
    // Without a delay a create may be over before the sixth begins.
    latencyMs > 0 ? exactly("creates at a time", AT_A_TIME, together) : atMost("creates at a time", AT_A_TIME, together),
  ];
}

/** @param {string} what @param {number} promised @param {number[]} seen @returns {Check} */
function exactly(what, promised, seen) {
  const odd = seen.find((value) => value !== promised);
  return { what, seen: odd ?? promised, promised: `${promised}`, kept: odd === undefined };
}

/** @param {string} what @param {number} promised @param {number[]} seen @returns {Check} */
function atMost(what, promised, seen) {
  const most = Math.max(...seen);
  return { what, seen: most, promised: `≤ ${promised}`, kept: most <= promised };
}
