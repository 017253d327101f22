/** One Worker of a test file with what surrounds it: its D1, the simulator, and everything that its log may not tell. */

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";

import { startSimulator } from "../../dev/simulator/server.mjs";
import { send, sendRaw } from "./http.mjs";
import { sweep } from "./log-sweep.mjs";
import { deviations } from "./openapi.mjs";
import { until } from "./until.mjs";
import { migrate } from "./worker.mjs";

/**
 * @typedef {import("./http.mjs").Answer} Answer
 * @typedef {import("./http.mjs").Options} Options
 * @typedef {{id: string, email: string | null}} User
 *
 * @typedef {object} Changes
 * @property {Record<string, any>} [vars] over the usual ones; undefined leaves one out
 * @property {Record<string, string | undefined>} [secrets]
 * @property {object} [simulator] settings of `dev/simulator/config.mjs`, kept by `fresh`
 * @property {boolean} [instrumented] counts D1 round trips and turns the clock, see `instruments.js`
 * @property {boolean} [wrangler] as wrangler runs it, see `startUnderWrangler`
 * @property {boolean} [migrated]
 * @property {boolean} [assets] with the console's static files
 * @property {Record<string, number>} [rateLimits]
 * @property {boolean | object} [queue] with the queues of wrangler.toml, or with some of their settings changed
 */

/** @param {string} name a readable beginning */
const random = (name) => `${name}-${randomBytes(9).toString("hex")}`;

/** What the Workers of one test file share: the simulator, who we are at 3dEye, and what was said and heard. */
export class Surroundings {
  /** Everything that no log may tell. */
  confidential = new Set(["secret-of-d1"]); // in the answer that a failing D1 quotes, see instruments.js
  /** The ids of all requests that got an answer. */
  requestIds = /** @type {string[]} */ ([]);
  /** What was asked and how it was answered, by all Workers. */
  answers = /** @type {{method: string, path: string, status: number}[]} */ ([]);
  customer = random("customer");
  adminKey = random("admin-key");
  login = { username: `${random("login")}@spkey.example`, password: random("login-password") };
  admin = `${random("ada")}@smartphonekey.com`;

  /** @param {import("../../dev/simulator/server.mjs").Simulator} simulator @param {object} config */
  constructor(simulator, config) {
    this.simulator = simulator;
    const own = {
      apiKey: random("threedeye-key"),
      login: this.login,
      ownCustomerId: this.customer,
      requireBearer: true,
      audience: random("audience"),
    };
    this.config = { ...own, ...config };
    simulator.control.reset({ config: this.config });
  }

  /** @param {object} [config] */
  static async create(config = {}) {
    return new Surroundings(await startSimulator(), config);
  }
}

/** What a test does with a Worker, whichever routes it is about. */
export class WorkerUnderTest {
  #world;
  /** @type {import("./worker.mjs").Running} */
  #worker = /** @type {any} */ (undefined);
  /** @type {string | undefined} */
  #token;
  /** Whether anything may have been left behind since it was cleaned. */
  #used = true;
  /** Whether there may be more requests than are counted here, or fewer lines of the log: after a kill, or with a browser. */
  #uncounted = false;

  /** @param {Surroundings} world */
  constructor(world) {
    this.#world = world;
  }

  get adminKey() {
    return this.#world.adminKey;
  }

  /** Every answer so far, those of the neighbours included. */
  get answers() {
    return this.#world.answers;
  }

  get customer() {
    return this.#world.customer;
  }

  /** The service account at 3dEye. */
  get login() {
    return this.#world.login;
  }

  /** @param {import("./worker.mjs").Running} worker */
  run(worker) {
    this.#worker = worker;
  }

  /** The controls of the simulator. */
  get sim() {
    return this.#world.simulator.control;
  }

  get issuer() {
    return `${this.#world.simulator.url}/`;
  }

  /** The simulated 3dEye's API, for those who call it beside the Worker. */
  get vendor() {
    return `${this.#world.simulator.url}/v3`;
  }

  get url() {
    return this.#worker.url;
  }

  /** @param {Changes} changes @returns {import("./worker.mjs").Settings} */
  settings({ vars, secrets, instrumented, migrated, assets, rateLimits, queue }) {
    const config = this.sim.config();
    const given = /** @type {const} */ (["vars", "secrets"]);
    const usual = {
      vars: {
        THREEDEYE_BASE_URL: `${this.#world.simulator.url}/v3`,
        THREEDEYE_CUSTOMER_ID: this.customer,
        JWT_ISSUER: `${this.#world.simulator.url}/`,
        JWT_AUDIENCE: config.audience,
        JWT_JWKS_URL: `${this.#world.simulator.url}/.well-known/jwks.json`,
      },
      secrets: {
        ADMIN_API_KEY: this.adminKey,
        THREEDEYE_API_KEY: config.apiKey,
        THREEDEYE_USERNAME: this.login.username,
        THREEDEYE_PASSWORD: this.login.password,
        CREDENTIALS_KEY: randomBytes(32).toString("base64"),
      },
    };
    const [allVars, allSecrets] = given.map((kind) => present({ ...usual[kind], ...{ vars, secrets }[kind] }));
    for (const secret of Object.values(allSecrets)) this.#world.confidential.add(secret);
    return { vars: allVars, secrets: allSecrets, instrumented, migrated, assets, rateLimits, queue };
  }

  /** Empties the database and the simulator; keys, clocks and what the Worker keeps in memory stay. */
  async fresh() {
    this.#rememberPasswords();
    this.sim.reset({ config: this.#world.config });
    if (!this.#used) return;
    const tables = await this.sql(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
    );
    const kept = ["schema_version", "provisioning_totals", "d1_migrations"];
    // Users first, or the triggers of the other tables would queue them again.
    const names = ["users", ...tables.map(({ name }) => name).filter((name) => name !== "users" && !kept.includes(name))];
    if (tables.length > 0) await this.#worker.db.batch(names.map((name) => this.#worker.db.prepare(`DELETE FROM ${name}`)));
    this.#used = false;
  }

  /** Applies migrations to a database that was left empty. @param {(file: string) => boolean} isWanted */
  async migrate(isWanted) {
    this.#used = true;
    await migrate(this.#worker.db, isWanted);
  }

  /** @param {string} statement @param {...(string | number | null)} values @returns {Promise<any[]>} */
  async sql(statement, ...values) {
    this.#used = true;
    const { results } = await this.#worker.db
      .prepare(statement)
      .bind(...values)
      .all();
    return results;
  }

  /**
   * Adds users as other services do, in one statement. What is not given is made up; an `email` of null stays null.
   * @param {Partial<{id: string, email: string | null, phone: string | null, createdAt: string, subject: string | null}>[]} people
   * @returns {Promise<User[]>}
   */
  async addUsers(people) {
    const rows = people.map(
      ({ id = randomUUID(), email, phone = null, createdAt = "2024-01-15T10:30:00.000Z", subject = null }) => ({
        id,
        phone,
        createdAt,
        subject,
        email: email === undefined ? `${random("resident")}@residents.example` : email,
      }),
    );
    await this.sql(
      `INSERT INTO users (uuid, email, phone_number, created_at, auth_subject)
       SELECT value ->> 'id', value ->> 'email', value ->> 'phone', value ->> 'createdAt', value ->> 'subject' FROM json_each(?)`,
      JSON.stringify(rows),
    );
    return rows.map(({ id, email }) => ({ id, email }));
  }

  /** @param {Parameters<WorkerUnderTest["addUsers"]>[0][number]} [person] @returns {Promise<{id: string, email: string}>} */
  async addUser(person = {}) {
    return /** @type {any} */ ((await this.addUsers([person]))[0]);
  }

  /**
   * One call, with nothing added to it. Whatever the test is about, the answer must be one that openapi.json describes.
   * @param {string} method @param {string} path @param {Options} [options]
   */
  async call(method, path, options) {
    this.#used = true;
    return this.#heard(method, path, await send(this.url, method, path, options));
  }

  /**
   * The same byte by byte, see `sendRaw`; not under wrangler, whose proxy would put it in order.
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {string} [body]
   */
  async callRaw(method, path, headers, body) {
    this.#used = true;
    const answer = await sendRaw(this.url, method, path, headers, body);
    assert.ok(answer, `${method} ${path}: no answer`);
    return this.#heard(method, path, answer);
  }

  /**
   * The same by a client that is gone before it is answered. Resolves when the Worker is done with it, with the log's line.
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {string} [body]
   */
  async abandon(method, path, headers, body) {
    this.#used = true;
    const known = new Set((await this.log()).map((line) => line["request.id"]));
    await sendRaw(this.url, method, path, headers, body, false);
    const isNew = (/** @type {any} */ line) => line.event === "http.request" && !known.has(line["request.id"]);
    /** @type {any} */
    let line;
    await until(async () => (line = (await this.log()).find(isNew)), "a log line for the request that was abandoned");
    this.#world.requestIds.push(line["request.id"]);
    return line;
  }

  /** @param {string} method @param {string} path @param {Answer} answer */
  #heard(method, path, answer) {
    const id = answer.headers["x-request-id"];
    assert.match(String(id), /^req_[0-9A-HJKMNP-TV-Z]{26}$/, `${method} ${path}: every answer has a request id`);
    this.#world.requestIds.push(String(id));
    assert.deepEqual(deviations(method, path, answer), []);
    this.#world.answers.push({ method, path, status: answer.status });
    const { json } = answer;
    this.keepsConfidential(
      ...[json?.user_key, json?.userKey, json?.apiKey, json?.accountKey].filter((key) => typeof key === "string"),
    );
    return answer;
  }

  /** A browser calls it too, whose requests are not counted here. */
  isBrowsed() {
    this.#used = true;
    this.#uncounted = true;
  }

  /** @param {...string} texts that no log may tell */
  keepsConfidential(...texts) {
    for (const text of texts) this.#world.confidential.add(text);
  }

  adminPair() {
    this.#token ??= this.mint({
      expiresInSeconds: 30 * 86_400,
      claims: { sub: "auth0|ada", email: this.#world.admin, email_verified: true },
    });
    return { "x-admin-api-key": this.adminKey, authorization: `Bearer ${this.#token}` };
  }

  /** A token of the issuer. @param {import("../../dev/simulator/mint.mjs").MintOrder} [order] */
  mint(order) {
    const token = this.sim.mint(order);
    this.#world.confidential.add(token);
    return token;
  }

  /** Headers of a signed-in person, whose e-mail is verified. @param {{id: string, email?: string | null}} user */
  personOf({ id, email }) {
    return { authorization: `Bearer ${this.mint({ claims: { sub: id, ...(email && { email, email_verified: true }) } })}` };
  }

  /** Hands messages to the Worker, past the queue. @param {unknown[]} messages */
  deliver(messages) {
    this.#used = true;
    return /** @type {NonNullable<import("./worker.mjs").Running["deliver"]>} */ (this.#worker.deliver)(messages);
  }

  /** Puts a message into the queue. @param {unknown} message */
  enqueue(message) {
    this.#used = true;
    return /** @type {NonNullable<import("./worker.mjs").Running["enqueue"]>} */ (this.#worker.enqueue)(message);
  }

  /** The cron trigger. */
  scheduled() {
    this.#used = true;
    return this.#worker.scheduled("*/15 * * * *");
  }

  /** SIGKILL for workerd, at once; resolves when it runs again over the same database. */
  async kill() {
    assert.ok(this.#worker.kill, "not under wrangler");
    this.#uncounted = true;
    await this.#worker.kill();
  }

  /** Of workerd; not under wrangler. */
  get pid() {
    return this.#worker.pid?.();
  }

  /**
   * Steers the instruments.
   * @param {{aheadMs?: number, frozenAt?: number | null, sparedRoundTrips?: number | null, held?: boolean, heldAfter?: number, queueIs?: "keeps" | "refuses" | "loses", breakdowns?: number, breaksAtClock?: boolean}} order
   */
  async instruments(order) {
    return (await send(this.url, "POST", "/__instruments", { json: order })).json;
  }

  /** The lines of the log, once every answered request has left its own. @returns {Promise<any[]>} */
  async log() {
    const missing = () => {
      const told = new Set(this.#lines().map((line) => /"request\.id":"([^"]+)"/.exec(line)?.[1]));
      return this.#world.requestIds.some((id) => !told.has(id));
    };
    await until(() => !missing(), "a log line for every request");
    return this.#lines().map((line) => JSON.parse(line));
  }

  /** The log's line of one answer. @param {Answer} answer */
  async lineOf(answer) {
    const id = answer.headers["x-request-id"];
    return (await this.log()).find((line) => line["request.id"] === id && line.event === "http.request");
  }

  #lines() {
    return this.#worker.logs().map(({ message }) => message);
  }

  #rememberPasswords() {
    for (const { password } of this.sim.users()) this.#world.confidential.add(password);
  }

  async close() {
    this.#rememberPasswords();
    try {
      if (!this.#uncounted) {
        const requests = (await this.log()).filter(({ event }) => event === "http.request");
        assert.equal(requests.length, this.#world.requestIds.length, "one line a request");
      }
      assert.deepEqual(sweep(this.#lines(), this.#world.confidential), []);
    } finally {
      await this.#worker.close();
      await this.#world.simulator.close();
    }
  }
}

/** @param {Record<string, string | undefined>} settings @returns {Record<string, string>} */
const present = (settings) =>
  /** @type {any} */ (Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)));
