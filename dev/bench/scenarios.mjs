// What is measured, and the counts each of it promises.

/** @typedef {import("./measure.mjs").Figures} Figures */
/** @typedef {import("./world.mjs").World} World */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {Parameters<World["call"]>[0]} request
 * @property {number} times
 * @property {number} latencyMs of the upstream
 * @property {(figures: Figures) => Check[]} promises
 *
 * @typedef {object} Check
 * @property {string} what
 * @property {number} seen where requests differ, one that breaks the promise
 * @property {string} promised
 * @property {boolean} kept
 */

/** Enough for a 95th percentile that a single stray does not decide. */
const TIMES = 200;
/** Enough for a median; each adds its users to the list, which shall stay one page. */
const RUNS = 3;
/** The default limit of a backfill. */
export const BATCH = 50;
export const AT_A_TIME = 6;
export const LATENCY_MS = 100;
const MAX_D1_CALLS = 12;

/**
 * Users to ask for and to provision, what the Worker keeps in memory (keys, 3dEye's token), then what to measure.
 * @param {World} world
 * @returns {Promise<Scenario[]>}
 */
export async function scenarios(world) {
  const { admin } = world;
  const backfill = { method: "POST", path: `/admin/backfill-threedeye?limit=${BATCH}`, headers: admin, status: 200 };
  const [user = ""] = await world.addUsers(BATCH);
  await world.call(backfill);
  await world.addUsers(2 * RUNS * BATCH);
  const credentials = { method: "GET", path: `/users/${user}/3deye-credentials`, status: 200 };
  return [
    lookup("GET /health", { method: "GET", path: "/health", status: 200 }, { d1: 1, upstream: 0 }),
    lookup("401: wrong admin key", { ...backfill, headers: { ...admin, "x-admin-api-key": "wrong" }, status: 401 }, { d1: 0, upstream: 0 }),
    // Refused only once the caller is known: all that it costs is authentication.
    lookup("400: the admin pair is right", { ...backfill, path: `${backfill.path}&unknown=1`, status: 400 }, { d1: 0, upstream: 0 }),
    lookup("diagnostics", { method: "GET", path: `/admin/threedeye/users/${user}`, headers: admin, status: 200 }, { d1: 1, upstream: 1 }),
    lookup("credentials, by API key", { ...credentials, headers: await world.program() }, { d1: 1, upstream: 0 }),
    lookup("credentials, by JWT", { ...credentials, headers: await world.person(user) }, { d1: 1, upstream: 0 }),
    ...[0, LATENCY_MS].map((latencyMs) => ({
      name: `backfill of ${BATCH}, upstream +${latencyMs} ms`,
      request: backfill,
      times: RUNS,
      latencyMs,
      promises: (/** @type {Figures} */ figures) => backfillPromises(figures, latencyMs),
    })),
  ];
}

/** @param {string} name @param {Scenario["request"]} request @param {{d1: number, upstream: number}} promised @returns {Scenario} */
function lookup(name, request, { d1, upstream }) {
  return {
    name,
    request,
    times: TIMES,
    latencyMs: 0,
    promises: (figures) => [exactly("D1 calls", d1, figures.d1), exactly("upstream calls", upstream, [figures.upstream])],
  };
}

/** @param {Figures} figures @param {number} latencyMs @returns {Check[]} */
function backfillPromises({ d1, answers, calls }, latencyMs) {
  const lists = calls.filter(({ method, path }) => method === "GET" && path === "/v3/users");
  const creates = calls.filter(({ method, path }) => method === "POST" && path === "/v3/users");
  const together = [Math.max(...creates.map(({ concurrent }) => concurrent))];
  return [
    atMost("D1 calls", MAX_D1_CALLS, d1),
    exactly("users provisioned", BATCH, answers.map(({ created }) => created)),
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
