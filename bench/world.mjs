// What the requests are sent to: the simulator, a Worker beside it with a
// database of its own, and the credentials of the callers.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Failure } from "../dev/tooling/say.mjs";
import { send } from "../tests/support/http.mjs";
import { migrate } from "../tests/support/worker.mjs";
import { startHost } from "./host.mjs";
import { startSimulatorThread } from "./simulator.mjs";

const ADMIN_KEY = randomBytes(24).toString("hex");
export const CREDENTIALS_KEY = randomBytes(32).toString("base64");
const LOGIN = { username: "service@spkey.example", password: randomBytes(12).toString("hex") };
const THREEDEYE = { apiKey: "bench-threedeye-key", ownCustomerId: "bench-customer", login: LOGIN, requireBearer: true };

/** Accounts the customer has already; with those that the backfills add, less than a page of 500. */
const NEIGHBOURS = 100;

/** What a Worker writes that others can be given as their own. */
const TABLES = [
  "users",
  "threedeye_users",
  "api_keys",
  "instances",
  "instance_keys",
  "instance_users",
  "second_factors",
  "operators",
  "console_sessions",
];

/** So many that no caller and no instance meets its limit of requests a second. */
const INSTANCES = 200;

/** A comparison may take hours. */
const A_DAY_S = 86_400;

/**
 * @typedef {{path: string, headers: Record<string, string>}} Turn
 *
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} [headers]
 * @property {any} [json] or what makes it, each time anew
 * @property {number} status
 * @property {Turn[]} [turns] by turns as each of them says
 * @property {(world: World) => Promise<unknown>} [putBack] each turn can be taken once; this lets all of them be taken again
 *
 * @typedef {{table: string, rows: Record<string, unknown>[]}[]} Rows
 */

/** @param {string} lastDigit it tells whose key it is */
const newKey = (lastDigit) => randomBytes(20).toString("hex").slice(0, 39) + lastDigit;

/** @param {string} text */
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** @param {string} simulator its address @returns {Record<string, string>} */
export const bindings = (simulator) => ({
  THREEDEYE_BASE_URL: `${simulator}/v3`,
  THREEDEYE_CUSTOMER_ID: THREEDEYE.ownCustomerId,
  THREEDEYE_API_KEY: THREEDEYE.apiKey,
  THREEDEYE_USERNAME: LOGIN.username,
  THREEDEYE_PASSWORD: LOGIN.password,
  JWT_ISSUER: `${simulator}/`,
  JWT_AUDIENCE: "spkey-edge",
  JWT_JWKS_URL: `${simulator}/.well-known/jwks.json`,
  ADMIN_API_KEY: ADMIN_KEY,
  CREDENTIALS_KEY,
  CONSOLE_CLIENT_ID: "bench-console",
  CONSOLE_CLIENT_SECRET: randomBytes(16).toString("hex"),
});

/** 3dEye and the identity provider, with the customer's accounts in it. */
export class Surroundings {
  /** @param {import("./simulator.mjs").Simulator} simulator @param {string} token an administrator's */
  constructor(simulator, token) {
    this.simulator = simulator;
    /** Headers of an administrator. */
    this.admin = { "x-admin-api-key": ADMIN_KEY, authorization: `Bearer ${token}` };
  }

  static async create() {
    const simulator = await startSimulatorThread();
    await simulator.ask("reset", { config: THREEDEYE, users: { generate: { count: NEIGHBOURS } } });
    const claims = { email: "ada@smartphonekey.com", email_verified: true };
    return new Surroundings(simulator, await simulator.ask("mint", { claims, expiresInSeconds: A_DAY_S }));
  }

  /** Headers of a signed-in person. @param {string} user */
  async person(user) {
    return { authorization: `Bearer ${await this.simulator.ask("mint", { claims: { sub: user }, expiresInSeconds: A_DAY_S })}` };
  }

  /** How 3dEye stands now. @returns {Promise<() => Promise<void>>} puts it back to that */
  async remember() {
    const users = await this.simulator.ask("users");
    const kept = users.map((/** @type {any} */ { id, email, password, customerId, roles }) => ({
      id,
      email,
      password,
      customerId,
      roles,
    }));
    return () => this.simulator.ask("reset", { config: THREEDEYE, users: kept });
  }
}

export class World {
  #turn = 0;

  /** @param {import("./host.mjs").Host} host @param {Surroundings} surroundings */
  constructor(host, surroundings) {
    this.host = host;
    this.surroundings = surroundings;
  }

  /**
   * @param {import("./workers.mjs").Module[]} modules @param {Surroundings} surroundings
   * @param {Record<string, string>} [more] bindings
   */
  static async create(modules, surroundings, more) {
    const host = await startHost(modules, { ...bindings(surroundings.simulator.url), ...more });
    await migrate(host.db);
    return new World(host, surroundings);
  }

  /** Adds users that have no account yet. @param {number} count @returns {Promise<string[]>} their ids */
  async addUsers(count) {
    const users = Array.from({ length: count }, () => randomUUID()).map((id) => ({ id, email: `${id}@residents.example` }));
    await this.host.db
      .prepare(
        `INSERT INTO users (uuid, email, created_at)
         SELECT value ->> 'id', value ->> 'email', '2024-01-15T10:30:00.000Z' FROM json_each(?)`,
      )
      .bind(JSON.stringify(users))
      .run();
    return users.map(({ id }) => id);
  }

  /** Headers of a program with a key of its own. Only our own Worker makes keys. @param {string} [scope] @returns {Promise<Record<string, string>>} */
  async program(scope = "threedeye:read") {
    const { json } = await this.call({
      method: "POST",
      path: "/admin/api-keys",
      headers: this.surroundings.admin,
      json: { scopes: [scope] },
      status: 201,
    });
    // Each API has its own place for it.
    return scope === "threedeye:read" ? { "x-api-key": json.key } : { authorization: `Bearer ${json.key}` };
  }

  /**
   * Makes instances, each with a key that may do everything and one user.
   * @returns two halves of them, one for those whose keys are to change
   */
  async addInstances() {
    const instances = Array.from({ length: INSTANCES }, (_, index) => ({
      name: `building-${index}`,
      apiKey: newKey("1"),
      userKey: newKey("2"),
    }));
    const rows = JSON.stringify(
      instances.map(({ name, apiKey, userKey }) => ({ name, apiKey: sha256(apiKey), userKey: sha256(userKey) })),
    );
    const { db } = this.host;
    const [, , made] = await db.batch([
      db.prepare("INSERT INTO instances (name, created_at) SELECT value ->> 'name', 1 FROM json_each(?)").bind(rows),
      db
        .prepare(
          "INSERT INTO instance_keys (id, key_hash, instance, ignore_acl, created_at) SELECT 'ikey_' || key, value ->> 'apiKey', value ->> 'name', 1, 1 FROM json_each(?)",
        )
        .bind(rows),
      db
        .prepare(
          "INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at) SELECT value ->> 'name', 'resident', value ->> 'userKey', 1, 1 FROM json_each(?) WHERE true RETURNING id, instance",
        )
        .bind(rows),
    ]);
    const ids = new Map(made.results.map((/** @type {any} */ { id, instance }) => [instance, id]));
    const all = instances.map((one) => ({ ...one, id: /** @type {number} */ (ids.get(one.name)) }));
    return [all.slice(0, INSTANCES / 2), all.slice(INSTANCES / 2)];
  }

  /** What others can be given as their own. @returns {Promise<Rows>} */
  async rows() {
    const read = async (/** @type {string} */ table) => (await this.host.db.prepare(`SELECT * FROM ${table}`).all()).results;
    return Promise.all(TABLES.map(async (table) => ({ table, rows: await read(table) })));
  }

  /** Writes another Worker's rows. @param {Rows} all */
  async give(all) {
    const { db } = this.host;
    for (const { table, rows } of all) {
      // In `users` the key of the e-mail is generated.
      const names = Object.keys(rows[0] ?? {}).filter((name) => table !== "users" || name !== "email_key");
      const values = names.map((name) => `value ->> '${name}'`);
      const insert = `INSERT INTO ${table} (${names}) SELECT ${values} FROM json_each(?)`;
      if (rows.length > 0) await db.prepare(insert).bind(JSON.stringify(rows)).run();
    }
  }

  /** One request; any other answer than the expected one would be measured for nothing. @param {Request} request */
  async call({ method, status, turns = [], ...given }) {
    const { path, putBack: _, ...options } = { ...given, ...turns[this.#turn++ % turns.length] };
    if (typeof options.json === "function") options.json = options.json();
    const answer = await send(this.host.url, method, path, options);
    if (answer.status !== status)
      throw new Failure(`${method} ${path} answered ${answer.status} instead of ${status}`, { tail: answer.text });
    return answer;
  }

  async close() {
    await this.host.close();
  }
}
