// What the requests are sent to: the Worker, its database with users in it, the
// simulator beside it, and the credentials of the callers.

import { randomBytes, randomUUID } from "node:crypto";
import { send } from "../../tests/support/http.mjs";
import { Failure } from "../tooling/say.mjs";
import { instrumented, migrate, startHost } from "./host.mjs";
import { startSimulatorThread } from "./simulator.mjs";

const ADMIN_KEY = randomBytes(24).toString("hex");
const LOGIN = { username: "service@spkey.example", password: randomBytes(12).toString("hex") };
const THREEDEYE = { apiKey: "bench-threedeye-key", ownCustomerId: "bench-customer", login: LOGIN, requireBearer: true };

/** Accounts the customer has already; with those that the backfills add, less than a page of 500. */
const NEIGHBOURS = 100;

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
  CREDENTIALS_KEY: randomBytes(32).toString("base64"),
});

export class World {
  /** @param {import("./host.mjs").Host} host @param {import("./simulator.mjs").Simulator} simulator @param {string} token an administrator's */
  constructor(host, simulator, token) {
    this.host = host;
    this.simulator = simulator;
    /** Headers of an administrator. */
    this.admin = { "x-admin-api-key": ADMIN_KEY, authorization: `Bearer ${token}` };
  }

  static async create() {
    const simulator = await startSimulatorThread();
    await simulator.ask("reset", { config: THREEDEYE, users: { generate: { count: NEIGHBOURS } } });
    const host = await startHost(await instrumented(), bindings(simulator.url));
    await migrate(host);
    const claims = { email: "ada@smartphonekey.com", email_verified: true };
    return new World(host, simulator, await simulator.ask("mint", { claims }));
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

  /** Headers of a signed-in person. @param {string} user */
  async person(user) {
    return { authorization: `Bearer ${await this.simulator.ask("mint", { claims: { sub: user } })}` };
  }

  /** Headers of a program with a key of its own. */
  async program() {
    const wish = { scopes: ["threedeye:read"] };
    const { json } = await this.call({ method: "POST", path: "/admin/api-keys", headers: this.admin, json: wish, status: 201 });
    return { "x-api-key": json.key };
  }

  /**
   * One request; any other answer than the expected one would be measured for nothing.
   * @param {{method: string, path: string, headers?: Record<string, string>, json?: any, status: number}} request
   */
  async call({ method, path, status, ...options }) {
    const answer = await send(this.host.url, method, path, options);
    if (answer.status !== status) throw new Failure(`${method} ${path} answered ${answer.status} instead of ${status}`, { tail: answer.text });
    return answer;
  }

  async close() {
    await this.host.close();
    await this.simulator.close();
  }
}
