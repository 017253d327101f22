// Our Worker and the twin, in turn: the same requests on the same rows, each
// answered by a workerd of its own, one while the other rests.

import { Failure } from "../dev/tooling/say.mjs";
import { measure, merge } from "./measure.mjs";
import { EMPTY, ONE_QUERY, OURS, twin } from "./workers.mjs";
import { World } from "./world.mjs";

/** @typedef {import("./measure.mjs").Figures} Figures */
/** @typedef {import("./world.mjs").Request} Request */
/** @typedef {{ours: World, twin: World}} Pair */
/** @typedef {{name: string, ours: Figures, twin: Figures}} Duel */

/** A new isolate: V8 runs Wasm as its quick compiler left it, and compiles what turns out hot again. */
const YOUTH = { concurrency: 4, times: 1000 };
/** Until it has done so: a function of Wasm must have been through some thousand calls. */
const WARM_UP = { concurrency: 4, times: 6000 };
/** Short, so that a busy moment of the machine meets both. */
const ROUNDS = 10;
const AT_A_TIME = [
  { concurrency: 1, times: 30 },
  { concurrency: 16, times: 100 },
];

const CONNECTIONS = 6;
/** The first is not shown: it warms up. */
const BACKFILLS = [
  { users: 50, latencyMs: 0, rounds: 10 },
  { users: 50, latencyMs: 0, rounds: 10 },
  { users: 50, latencyMs: 100, rounds: 3 },
  { users: 300, latencyMs: 100, rounds: 2 },
];

/** @param {import("./world.mjs").Surroundings} surroundings */
export async function contest(surroundings) {
  const pair = { ours: await World.create(OURS, surroundings), twin: await World.create(await twin(), surroundings) };
  try {
    const requests = await prepare(pair);
    await compareAnswers(pair, requests);
    const duels = [await youth(pair, requests)];
    for (const request of requests) {
      await both(pair, (world) => measure(world, request, WARM_UP));
      for (const load of AT_A_TIME) duels.push({ ...request, ...load, ...(await inTurn(pair, request, load)) });
    }
    const backfills = [];
    for (const order of BACKFILLS)
      backfills.push({ ...order, limitMs: (order.users * order.latencyMs) / CONNECTIONS, ...(await backfill(pair, order)) });
    return { duels, backfills: backfills.slice(1) };
  } finally {
    await both(pair, (world) => world.close());
  }
}

/** What the same number of requests costs a Worker that does (next to) nothing: the plumbing below both. @param {import("./world.mjs").Surroundings} surroundings */
export async function plumbing(surroundings) {
  const floors = [];
  for (const [name, modules] of /** @type {const} */ ([
    ["an empty Worker", EMPTY],
    ["a Worker with one D1 query", ONE_QUERY],
  ])) {
    const world = await World.create(modules, surroundings);
    const request = { method: "GET", path: "/", status: 200 };
    await measure(world, request, WARM_UP);
    for (const load of AT_A_TIME) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(world, request, load));
      floors.push({ name, ...load, figures: merge(rounds) });
    }
    await world.close();
  }
  return floors;
}

/** The same rows in both databases. @param {Pair} pair @returns {Promise<(Request & {name: string})[]>} */
async function prepare({ ours, twin }) {
  const { admin } = ours.surroundings;
  const [user = ""] = await ours.addUsers(50);
  await ours.call({ method: "POST", path: "/admin/backfill-threedeye?limit=50", headers: admin, status: 200 });
  const key = await ours.program();
  await ours.call({ method: "GET", path: `/users/${user}/3deye-credentials`, headers: key, status: 200 });
  const [keeping, changing] = await ours.addInstances();
  await ours.copyTo(twin);
  const person = await ours.surroundings.person(user);
  const forged = { authorization: `${person.authorization.slice(0, -8)}AAAAAAAA` };
  const diagnostics = { method: "GET", path: `/admin/threedeye/users/${user}`, status: 200 };
  const credentials = { method: "GET", path: `/users/${user}/3deye-credentials`, status: 200 };
  return [
    { name: "401: no credential", ...diagnostics, status: 401 },
    { name: "401: wrong admin key", ...diagnostics, headers: { ...admin, "x-admin-api-key": "wrong" }, status: 401 },
    { name: "401: forged token", ...credentials, headers: forged, status: 401 },
    { name: "diagnostics", ...diagnostics, headers: admin },
    { name: "credentials, by API key", ...credentials, headers: key },
    { name: "credentials, by JWT", ...credentials, headers: person },
    { name: "credentials, by the admin pair", ...credentials, headers: admin },
    { name: "a user of an instance, by its key", ...ownUser(keeping), status: 200 },
    { name: "… with an unknown user key", ...ownUser(keeping, "0".repeat(40)), status: 403 },
    { name: "reset of a user's key", ...resetKey(changing), status: 200 },
  ];
}

/** @typedef {Awaited<ReturnType<World["addInstances"]>>[0]} Instances */

/** @param {Instances} instances @param {string} [userKey] instead of the users' own */
export const ownUser = (instances, userKey) => ({
  method: "GET",
  path: "",
  turns: instances.map((one) => ({
    path: `/v1.1/instances/${one.name}/user/`,
    headers: { "x-api-key": one.apiKey, "x-user-key": userKey ?? one.userKey },
  })),
});

/** @param {Instances} instances */
export const resetKey = (instances) => ({
  method: "POST",
  path: "",
  turns: instances.map(({ name, id, apiKey }) => ({
    path: `/v1.1/instances/${name}/users/${id}/reset_key/`,
    headers: { "x-api-key": apiKey },
  })),
});

/** What the first requests of a kind that does a little of everything take. @param {Pair} pair @param {(Request & {name: string})[]} requests */
async function youth({ ours, twin }, requests) {
  const request = /** @type {Request & {name: string}} */ (requests.findLast(({ status, turns }) => status === 200 && !turns));
  return {
    ...request,
    ...YOUTH,
    name: `the first ${YOUTH.times}`,
    ours: await measure(ours, request, YOUTH),
    twin: await measure(twin, request, YOUTH),
  };
}

/** A twin that left something out would be no measure. @param {Pair} pair @param {(Request & {name: string})[]} requests */
async function compareAnswers({ ours, twin }, requests) {
  for (const { turns, ...given } of requests) {
    const request = { ...given, ...(turns && { turns: turns.slice(0, 1) }) };
    const [mine, others] = [(await ours.call(request)).json, (await twin.call(request)).json];
    for (const json of [mine, others]) delete json.requestId;
    // New in every answer.
    for (const json of [mine, others]) if (json.user_key) json.user_key = json.user_key.length;
    // Which of the others' e-mails are shown is left to each.
    for (const json of [mine, others]) if (json.remote) json.remote.sampleEmails = json.remote.sampleEmails.length;
    const [a, b] = [JSON.stringify(mine), JSON.stringify(others)];
    if (a !== b) throw new Failure(`The twin answers otherwise: ${request.name}`, { tail: `ours: ${a}\ntwin: ${b}` });
  }
}

/** @param {Pair} pair @param {Request} request @param {import("./measure.mjs").Load} load */
async function inTurn(pair, request, load) {
  const rounds = { ours: /** @type {Figures[]} */ ([]), twin: /** @type {Figures[]} */ ([]) };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of order(round)) rounds[name].push(await measure(pair[name], request, load));
  }
  return { ours: merge(rounds.ours), twin: merge(rounds.twin) };
}

/** Every run finds 3dEye as the first one found it. @param {Pair} pair @param {{users: number, latencyMs: number, rounds: number}} wanted */
async function backfill(pair, { users, latencyMs, rounds }) {
  const { surroundings } = pair.ours;
  const { simulator, admin } = surroundings;
  const putBack = await surroundings.remember();
  const runs = { ours: /** @type {Figures[]} */ ([]), twin: /** @type {Figures[]} */ ([]) };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of order(round)) {
      const world = pair[name];
      const [user] = await world.addUsers(users);
      await putBack();
      // Fetches 3dEye's new token.
      await world.call({ method: "GET", path: `/admin/threedeye/users/${user}`, headers: admin, status: 200 });
      await simulator.ask("configure", { latencyMs });
      const request = { method: "POST", path: `/admin/backfill-threedeye?limit=${users}`, headers: admin, status: 200 };
      const figures = await measure(world, request, { times: 1, concurrency: 1 });
      if (figures.answers[0].created !== users)
        throw new Failure(`A backfill made ${figures.answers[0].created} of ${users} accounts`);
      runs[name].push(figures);
    }
  }
  await putBack();
  return { ours: merge(runs.ours), twin: merge(runs.twin) };
}

/** Going first may be a disadvantage, so they take turns. @param {number} round @returns {("ours" | "twin")[]} */
const order = (round) => (round % 2 === 0 ? ["ours", "twin"] : ["twin", "ours"]);

/** @template T @param {Pair} pair @param {(world: World) => Promise<T>} work */
async function both({ ours, twin }, work) {
  await work(ours);
  await work(twin);
}
