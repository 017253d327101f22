/**
 * One whole service for a test file: the Worker on workerd, its D1, and the simulator of 3dEye and of the token issuer. Every
 * setting and secret is drawn anew, so nothing passes because a default happens to fit.
 */

import assert from "node:assert/strict";
import { after, beforeEach } from "node:test";

import { until } from "./until.mjs";
import { startUnderWrangler, startWorkers } from "./worker.mjs";
import { Surroundings, WorkerUnderTest } from "./worker-under-test.mjs";

/**
 * @typedef {import("./http.mjs").Options} Options
 * @typedef {import("./worker-under-test.mjs").Changes} Changes
 * @typedef {import("./worker-under-test.mjs").User} User
 */

/**
 * Starts a service for this test file, cleans it before every test and, when all have run, sweeps the log.
 * @param {Changes} [changes]
 * @returns {Promise<Service>}
 */
export async function serviceForThisFile(changes = {}) {
  const surroundings = await Surroundings.create(changes.simulator);
  const service = new Service(surroundings);
  const settings = service.settings(changes);
  service.run(changes.wrangler ? await startUnderWrangler(settings) : (await startWorkers({ worker: settings })).worker);
  beforeEach(() => service.fresh());
  after(() => service.close());
  return service;
}

/**
 * The same with several Workers that differ in their configuration, beside one simulator and, where they name the same
 * `database`, over one database.
 * @template {string} Name
 * @param {Record<Name, Changes & {database?: string}>} changes
 * @param {object} [simulator]
 * @returns {Promise<Record<Name, Service>>}
 */
export async function servicesForThisFile(changes, simulator) {
  const surroundings = await Surroundings.create(simulator);
  const named = /** @type {[Name, Changes & {database?: string}][]} */ (Object.entries(changes));
  const services = /** @type {Record<Name, Service>} */ (
    Object.fromEntries(named.map(([name]) => [name, new Service(surroundings)]))
  );
  const settings = named.map(([name, change]) => [name, { ...services[name].settings(change), database: change.database }]);
  const workers = await startWorkers(Object.fromEntries(settings));
  for (const [name] of named) services[name].run(workers[name]);
  const all = /** @type {Service[]} */ (Object.values(services));
  beforeEach(() => Promise.all(all.map((service) => service.fresh())));
  after(() => all[0].close());
  return services;
}

/**
 * The same outside of a test, for tools that bring requests of their own.
 * @param {Changes} [changes]
 * @returns {Promise<{service: Service, stop: () => Promise<void>}>}
 */
export async function serviceForTool(changes = {}) {
  const surroundings = await Surroundings.create(changes.simulator);
  const service = new Service(surroundings);
  const { worker } = await startWorkers({ worker: service.settings(changes) });
  service.run(worker);
  const stop = async () => {
    await worker.close();
    await surroundings.simulator.close();
  };
  return { service, stop };
}

/** The Worker with the calls that tests make to it, by name, and what they come to at 3dEye. */
export class Service extends WorkerUnderTest {
  /** A call with the admin pair. @param {string} method @param {string} path @param {Options} [options] */
  admin(method, path, { headers, ...rest } = {}) {
    return this.call(method, path, { headers: { ...this.adminPair(), ...headers }, ...rest });
  }

  /** @param {User | string} user @param {Record<string, string | undefined>} [headers] the user's own token unless given */
  credentials(user, headers) {
    const person = typeof user === "string" ? { id: user } : user;
    const path = `/users/${encodeURIComponent(person.id)}/3deye-credentials`;
    return this.call("GET", path, { headers: headers ?? this.personOf(person) });
  }

  /** @param {User | string} user */
  diagnose(user) {
    return this.admin("GET", `/admin/threedeye/users/${encodeURIComponent(typeof user === "string" ? user : user.id)}`);
  }

  /** @param {User | string} user @param {object} [options] the body; none when left out */
  reset(user, options) {
    const id = encodeURIComponent(typeof user === "string" ? user : user.id);
    return this.admin("POST", `/admin/threedeye/users/${id}/reset`, options === undefined ? {} : { json: options });
  }

  /** @param {string} [query] with its question mark */
  backfill(query = "") {
    return this.admin("POST", `/admin/backfill-threedeye${query}`);
  }

  async runs(query = "") {
    const answer = await this.admin("GET", `/admin/threedeye/backfill/runs${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.runs;
  }

  /** How far one run is. @param {string} id */
  async progress(id) {
    const answer = await this.admin("GET", `/admin/threedeye/backfill/runs/${id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  /** Plans a run for the queue. @param {string} [more] of the query @returns {Promise<string>} the run's id */
  async fanOut(more = "") {
    const answer = await this.backfill(`?mode=queue${more}`);
    assert.equal(answer.status, 202, answer.text);
    return answer.json.runId;
  }

  /** Waits until consumers have closed a run. @param {string} id */
  async ended(id) {
    await until(
      async () => (await this.sql("SELECT status FROM provisioning_runs WHERE run_id = ?", id))[0].status !== "running",
      `the end of ${id}`,
    );
    return this.progress(id);
  }

  /** The audit trail, oldest first. */
  audit() {
    return this.sql("SELECT actor, action, subject, outcome, request_id FROM audit_log ORDER BY id");
  }

  /** The calls that reached 3dEye and the issuer, by what they are. */
  upstream() {
    const calls = this.sim.calls();
    const of = (/** @type {string} */ method, /** @type {RegExp} */ path) =>
      calls.filter((call) => call.method === method && path.test(call.path));
    const tokenCalls = of("POST", /^\/v3\/auth\/token$/);
    const isOwn = (/** @type {any} */ call) => call.email?.toLowerCase() === this.login.username.toLowerCase();
    return {
      all: calls.filter((call) => call.path.startsWith("/v3/")),
      lists: of("GET", /^\/v3\/users$/),
      creates: of("POST", /^\/v3\/users$/),
      deletes: of("DELETE", /^\/v3\/users\//),
      attaches: of("POST", /^\/v3\/roles\//),
      logins: tokenCalls.filter(isOwn),
      proofs: tokenCalls.filter((call) => !isOwn(call)),
      keySets: of("GET", /jwks/),
    };
  }

  /** The accounts at 3dEye with this e-mail, in whichever customer. @param {string | null} email */
  accountsOf(email) {
    return this.sim.users().filter((account) => account.email.toLowerCase() === email?.trim().toLowerCase());
  }

  /**
   * The promise of provisioning: exactly one account, whose password is the one that we hand out.
   * @param {User} user
   * @param {{roles?: (string | number)[]}} [expected]
   */
  async assertProvisioned(user, { roles = [] } = {}) {
    const answer = await this.credentials(user);
    assert.equal(answer.status, 200, answer.text);
    const [account, ...more] = this.accountsOf(user.email);
    assert.deepEqual(more, []);
    assert.equal(answer.json.threeDeyeUserId, String(account.id));
    assert.equal(answer.json.password, account.password);
    assert.equal(account.customerId, this.customer);
    assert.deepEqual(account.roles.map(String).sort(), roles.map(String).sort());
    return answer.json;
  }
}
