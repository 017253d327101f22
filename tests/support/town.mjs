/**
 * Our users, what they and others do, and what is promised to each. Whatever is drawn, is drawn before anything is awaited, so
 * that a seed draws the same again however long things take.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export const ROLES = ["front-door", "garage", "garden", "lobby", "roof"];

/**
 * @typedef {object} Person one of our users, and what is promised to it
 * @property {string} id
 * @property {string[]} emails that it ever had, the present one last
 * @property {Set<string>} must roles that its account must hold in the end
 * @property {Set<string>} may roles that it may hold
 * @property {boolean} mover whose e-mail changes now and then
 * @property {boolean} orphan whose e-mail is taken in another customer
 */

const RESETS = [
  { preserveRoles: true },
  { preserveRoles: true, reprovision: true },
  { deleteRemote: true, preserveRoles: true },
  { deleteRemote: true, preserveRoles: true, reprovision: true },
  { deleteRemote: true, preserveRoles: true, clearMapping: false },
  { clearMapping: false },
  { clearMapping: false, reprovision: true },
  {},
  { reprovision: true },
  { deleteRemote: true },
  { deleteRemote: true, reprovision: true },
];

/** Without its account's deletion, a mover's reset would leave the account of an earlier e-mail behind, and so is refused. */
const RESETS_OF_MOVERS = RESETS.filter(({ deleteRemote }) => deleteRemote);

/** Whether such a reset forgets roles: those that wait, and with the account those that it holds. */
const dropsRoles = ({ preserveRoles = false, deleteRemote = false, clearMapping = true }) =>
  !preserveRoles && (deleteRemote || clearMapping);

/** Lives beside the Worker and through it, and remembers what it was promised. */
export class Town {
  people = /** @type {Person[]} */ ([]);
  /** By request id, to be found in the audit trail. */
  resetsDone = /** @type {string[]} */ ([]);
  /** Answers of backfills, to be found in the ledger. */
  runsDone = /** @type {any[]} */ ([]);
  statuses = /** @type {Record<string, number>} */ ({});
  #aheadMs = 0;

  #service;

  /** @param {import("./service.mjs").Service} service @param {import("./dice.mjs").Dice} dice */
  constructor(service, dice) {
    this.#service = service;
    this.dice = dice;
  }

  /** The accounts at 3dEye of whatever e-mail a user ever had. @param {Person} person */
  accountsOf(person) {
    return person.emails.flatMap((email) => this.#service.accountsOf(email));
  }

  /** @param {number} count @param {{mover?: boolean, orphan?: boolean, holding?: string[]}} [what] */
  async moveIn(count, { mover = false, orphan = false, holding } = {}) {
    const people = Array.from({ length: count }, () => ({
      id: randomUUID(),
      emails: [this.#email()],
      must: new Set(holding),
      may: new Set(holding),
      mover,
      orphan,
    }));
    /** @param {{emails: string[]}} given */
    const accountFor = ({ emails: [email] }) => ({
      email,
      customerId: orphan ? "another-customer" : this.#service.customer,
      roles: holding ?? [],
    });
    if (holding || orphan) this.#service.sim.seed(people.map(accountFor));
    await this.#service.addUsers(people.map(({ id, emails: [email] }) => ({ id, email })));
    this.people.push(...people);
  }

  #email = () => `resident-${randomUUID()}@residents.example`;

  /** The Worker's clock goes on, also over a restart. @param {number} ms */
  async wait(ms) {
    this.#aheadMs += ms;
    await this.#service.instruments({ aheadMs: this.#aheadMs });
  }

  /** What the Worker takes for the time. */
  now() {
    return Date.now() + this.#aheadMs;
  }

  /** What other services and people do meanwhile. */
  async live() {
    const { dice } = this;
    if (dice.happens(0.5)) await this.moveIn(1 + dice.below(2), { mover: dice.happens(0.2) });
    if (dice.happens(0.3)) await this.moveIn(1, { holding: dice.some(ROLES, 1 + dice.below(3)) });
    if (dice.happens(0.4)) await this.#changeEmail(dice.one(this.people.filter(({ mover }) => mover)));
    for (const person of dice.some(
      this.people.filter(({ orphan }) => !orphan),
      3,
    ))
      await this.#grant(person, dice.one(ROLES));
  }

  /** @param {Person} person */
  async #changeEmail(person) {
    person.emails.push(this.#email());
    await this.#service.sql("UPDATE users SET email = ? WHERE uuid = ?", person.emails.at(-1) ?? null, person.id);
  }

  /** Gives a camera to a user, at 3dEye itself. @param {Person} person @param {string} role */
  async #grant(person, role) {
    const [account] = this.accountsOf(person);
    if (!account) return;
    const headers = { "x-api-key": this.#service.sim.config().apiKey, "content-type": "application/json" };
    const login = await fetch(`${this.#service.vendor}/auth/token`, {
      method: "POST",
      headers,
      body: JSON.stringify(this.#service.login),
    });
    const { accessToken } = /** @type {any} */ (await login.json());
    const attach = { method: "POST", headers: { ...headers, authorization: `Bearer ${accessToken}` } };
    const { status } = await fetch(`${this.#service.vendor}/roles/${role}/users/${account.id}`, attach);
    assert.ok([204, 409].includes(status), String(status));
    person.must.add(role);
    person.may.add(role);
  }

  /** Sends what the round asks for. @returns {Promise<any>[]} each tells whether it was answered */
  send() {
    const { dice } = this;
    const runs = Array.from(
      { length: 1 + dice.below(2) },
      () => () => (dice.happens(0.3) ? this.#scheduled() : this.#backfill()),
    );
    const askers = dice.some(this.people, 3).map((person) => () => this.#credentials(person));
    const resets = dice
      .some(this.people, 4)
      .map((person) => () => this.#reset(person, dice.one(person.mover ? RESETS_OF_MOVERS : RESETS)));
    const stops = dice.happens(0.3) ? [() => this.#stop()] : [];
    return dice.some([...runs, ...askers, ...resets, ...stops], Infinity).map((send) => answered(send()));
  }

  async #scheduled() {
    await this.#service.scheduled();
  }

  async #backfill() {
    const answer = await this.#service.backfill(`?limit=${this.dice.one([2, 5, 20])}`);
    this.#note("backfill", answer, [200, 502]);
    if (answer.status === 200) this.runsDone.push(answer.json);
  }

  /** @param {Person} person */
  async #credentials(person) {
    this.#note("credentials", await this.#service.credentials(person.id, this.#service.adminPair()), [200, 409, 502]);
  }

  /** @param {Person} person @param {any} order */
  async #reset(person, order) {
    const looksFirst = this.dice.happens(0.5);
    if (dropsRoles(order)) person.must.clear();
    const shown = looksFirst ? await this.#preview(person, order) : undefined;
    if (looksFirst && !shown) return;
    const planned = shown ? { ...order, plan: shown.plan, reason: "stuck" } : order;
    const answer = await this.#service.reset(person.id, planned);
    this.#note(shown ? "planned reset" : "reset", answer, [200, 409, 502]);
    if (answer.status !== 200) return;
    if (shown) assertAsShown(shown, answer.json);
    this.resetsDone.push(String(answer.headers["x-request-id"]));
    const deleted = answer.json.remote.deletedThreedeyeUserId !== null;
    // Taken away by an answer that was given, a role does not come back by itself.
    if (deleted && dropsRoles(order)) person.may = new Set(this.accountsOf(person).flatMap(({ roles }) => roles.map(String)));
  }

  /** What a reset would do, if it can be told. @param {Person} person @param {any} order */
  async #preview(person, order) {
    const answer = await this.#service.admin("POST", `/admin/threedeye/users/${person.id}/reset?dryRun=true`, { json: order });
    this.#note("preview", answer, [200, 409, 502]);
    return answer.status === 200 ? answer.json : undefined;
  }

  /** Stops whichever run is at work. */
  async #stop() {
    const { json } = await this.#service.admin("GET", "/admin/threedeye/backfill/runs?status=running&limit=1");
    for (const { runId } of json.runs) {
      const path = `/admin/threedeye/backfill/runs/${runId}/stop`;
      this.#note("stop", await this.#service.admin("POST", path, { json: { reason: "wrong customer" } }), [202]);
    }
  }

  /** @param {string} what @param {import("./http.mjs").Answer} answer @param {number[]} expected */
  #note(what, answer, expected) {
    assert.ok(expected.includes(answer.status), `${what}: ${answer.status} ${answer.text}`);
    const key = `${what} ${answer.status}`;
    this.statuses[key] = (this.statuses[key] ?? 0) + 1;
  }
}

/** What was done is what the preview had shown. @param {any} shown @param {any} done */
function assertAsShown({ remote: { deletes } }, { remote }) {
  const [first] = deletes;
  assert.equal(remote.deletedThreedeyeUserId, first?.threedeyeUserId ?? null);
  const roles = deletes.flatMap((/** @type {any} */ one) => one.roleIds);
  assert.deepEqual([...remote.removedRoleIds].sort(), [...new Set(roles)].sort());
}

/** Whether an answer came before the process died. Anything but a broken connection is a finding. @param {Promise<any>} sent */
async function answered(sent) {
  try {
    await sent;
    return true;
  } catch (error) {
    const broken = ["ECONNRESET", "ECONNREFUSED", "EPIPE", "UND_ERR_SOCKET"];
    const { code, cause } = /** @type {{code?: string, cause?: {code?: string}}} */ (error);
    const codes = [code, cause?.code];
    if (codes.some((one) => broken.includes(String(one)))) return false;
    throw error;
  }
}
