// What is compared: requests and runs, on whose rows, and with which other Workers.

import { Failure } from "../dev/tooling/say.mjs";
import { measure, merge } from "./measure.mjs";
import { addProtected, code, forgetCodes, openSession } from "./people.mjs";
import { CREDENTIALS_KEY } from "./world.mjs";

/** @typedef {import("./measure.mjs").Figures} Figures */
/** @typedef {import("./world.mjs").Request} Request */
/** @typedef {import("./world.mjs").World} World */
/** @typedef {import("./rivals.mjs").Rival} Rival */
/** @typedef {Awaited<ReturnType<World["addInstances"]>>[0]} Instances */

/**
 * @typedef {import("./options.mjs").Id} Id
 * @typedef {{id: Id, name: string, request: Request, against: Rival[]}} Row one request
 * @typedef {{id: Id, name: string, users: number, latencyMs: number, rounds: number}} Backfill
 */

/** A new isolate: V8 runs Wasm as its quick compiler left it, and compiles what turns out hot again. */
export const YOUTH = { id: /** @type {const} */ ("first-1000"), name: "the first 1000", concurrency: 4, times: 1000 };
/** Until it has done so: a function of Wasm must have been through some thousand calls. */
export const WARM_UP = { concurrency: 4, times: 6000 };

export const BACKFILLS = /** @type {Omit<Backfill, "name">[]} */ ([
  { id: "backfill-50", users: 50, latencyMs: 0, rounds: 10 },
  { id: "backfill-50-slow", users: 50, latencyMs: 100, rounds: 3 },
  { id: "backfill-300-slow", users: 300, latencyMs: 100, rounds: 2 },
]).map((each) => ({ ...each, name: `backfill of ${each.users}, upstream +${each.latencyMs} ms` }));

/** The rows and the callers of all that is compared, in our Worker. @param {World} ours @returns {Promise<Row[]>} */
export async function prepare(ours) {
  const { admin } = ours.surroundings;
  const [user = ""] = await ours.addUsers(50);
  await ours.call({ method: "POST", path: "/admin/backfill-threedeye?limit=50", headers: admin, status: 200 });
  const key = await ours.program();
  await ours.call({ method: "GET", path: `/users/${user}/3deye-credentials`, headers: key, status: 200 });
  const [keeping, changing] = await ours.addInstances();
  const guarded = await addProtected(ours, CREDENTIALS_KEY);
  const signIn = await ours.program("user:verify");
  const session = await openSession(ours);
  const person = await ours.surroundings.person(user);
  const guardedPerson = await ours.surroundings.person(guarded[0] ?? "");
  const forged = { authorization: `${person.authorization.slice(0, -8)}AAAAAAAA` };
  const diagnostics = { method: "GET", path: `/admin/threedeye/users/${user}`, status: 200 };
  const credentials = { method: "GET", path: `/users/${user}/3deye-credentials`, status: 200 };
  const status = { method: "GET", path: "/api/users/@me/two_factor_status", status: 200 };
  /** @type {(against: Rival[]) => (id: Id, name: string, request: Request) => Row} */
  const row = (against) => (id, name, request) => ({ id, name, request, against });
  const plain = row(["twin"]);
  const withToken = row(["twin", "cachingTwin"]);
  // The twin has no console.
  const ofConsole = row(["floor"]);
  const page = (/** @type {string} */ path) => ({ method: "GET", path, headers: session, status: 200 });
  return [
    plain("no-credential", "401: no credential", { ...diagnostics, status: 401 }),
    plain("wrong-key", "401: wrong admin key", {
      ...diagnostics,
      headers: { ...admin, "x-admin-api-key": "wrong" },
      status: 401,
    }),
    withToken("forged", "401: forged token", { ...credentials, headers: forged, status: 401 }),
    withToken("diagnostics", "diagnostics", { ...diagnostics, headers: admin }),
    plain("by-key", "credentials, by API key", { ...credentials, headers: key }),
    withToken("by-jwt", "credentials, by JWT", { ...credentials, headers: person }),
    withToken("by-pair", "credentials, by the admin pair", { ...credentials, headers: admin }),
    plain("own-user", "a user of an instance, by its key", { ...ownUser(keeping), status: 200 }),
    plain("unknown-key", "… with an unknown user key", { ...ownUser(keeping, "0".repeat(40)), status: 403 }),
    plain("reset", "reset of a user's key", { ...resetKey(changing), status: 200 }),
    withToken("status", "two-factor status, by JWT", { ...status, headers: guardedPerson }),
    plain("verify", "a code of the second factor, by API key", { ...verify(guarded, signIn), status: 200 }),
    ofConsole("session", "console: the session", page("/console/session")),
    // Our Worker keeps it for ten seconds, so this is mostly without D1 but for the session.
    ofConsole("overview", "console: the overview", page("/admin/overview")),
    ofConsole("user", "console: a user", page(`/admin/users/${user}`)),
    ofConsole("search", "console: a search by e-mail", {
      ...page("/admin/users/search"),
      method: "POST",
      json: { query: user.slice(0, 8), by: "email" },
    }),
  ];
}

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

/** @param {string[]} users @param {Record<string, string>} headers */
export const verify = (users, headers) => ({
  method: "POST",
  path: "",
  json: () => ({ token: code() }),
  turns: users.map((user) => ({ path: `/api/users/${user}/two_factor_verify`, headers })),
  putBack: forgetCodes,
});

/** What the first requests of a kind that does a little of everything are. @param {Row[]} rows */
export function youthOf(rows) {
  const row = rows.find(({ id }) => id === "by-pair");
  if (!row) throw new Failure("The row by-pair is gone");
  return { ...row, ...YOUTH };
}

/**
 * One backfill of new users, who find 3dEye as the first ones found it.
 * @param {World} world @param {Backfill} backfill @param {() => Promise<void>} putBack
 */
export async function runBackfill(world, { users, latencyMs }, putBack) {
  const { simulator, admin } = world.surroundings;
  const [user] = await world.addUsers(users);
  await putBack();
  // Fetches 3dEye's new token.
  await world.call({ method: "GET", path: `/admin/threedeye/users/${user}`, headers: admin, status: 200 });
  await simulator.ask("configure", { latencyMs });
  const request = { method: "POST", path: `/admin/backfill-threedeye?limit=${users}`, headers: admin, status: 200 };
  const figures = await measure(world, request, { times: 1, concurrency: 1 });
  await simulator.ask("configure", { latencyMs: 0 });
  if (figures.answers[0].created !== users)
    throw new Failure(`A backfill made ${figures.answers[0].created} of ${users} accounts`);
  return figures;
}

/** Several of them, after one that warms up. @param {World} world @param {Backfill} backfill @param {() => Promise<void>} putBack */
export async function runBackfills(world, backfill, putBack) {
  const runs = [];
  for (let run = 0; run <= backfill.rounds; run += 1) runs.push(await runBackfill(world, backfill, putBack));
  return merge(runs.slice(1));
}
