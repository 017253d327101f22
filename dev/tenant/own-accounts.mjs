// The accounts that this run makes. Nothing else is ever deleted: only ids that an answer to one of its own creates told, or
// that the list shows under the e-mail of a create whose answer was lost, if the password of this run opens them.

import { allUsers, emailKey } from "./all-users.mjs";
import { newPassword } from "./password.mjs";
import { retryAfter } from "./retry-after.mjs";
import { Interrupted, Stop } from "./session.mjs";

/**
 * @typedef {import("./session.mjs").Session} Session
 * @typedef {import("./session.mjs").Outcome} Outcome
 * @typedef {import("./requests.mjs").Id} Id
 * @typedef {{id: Id, email: string}} Account
 */

/** The waits between the tries to delete an account in the end. */
const DELETE_WAITS_MS = [0, 500, 1_000, 2_000, 4_000];
const LONGEST_WAIT_MS = 30_000;

/** The waits before each look for an account whose create was not answered. */
const LOOK_WAITS_MS = [0, 1_000, 1_500, 2_500, 5_000];

export class OwnAccounts {
  password = newPassword();
  /** Accounts that are there, by id. @type {Map<string, Account>} */
  #standing = new Map();
  /** All ids that are ours, deleted ones too. @type {Set<string>} */
  #own = new Set();
  /** E-mails of creates that may have worked. @type {Set<string>} */
  #unanswered = new Set();

  /** @param {Session} session @param {Set<string>} before ids that were there before this run */
  constructor(session, before) {
    this.session = session;
    this.before = before;
  }

  /** What an earlier run made. @param {import("./left-behind.mjs").Record} record */
  recall({ password, accounts }) {
    this.password = password;
    for (const { id, email } of accounts) {
      if (id === null) this.#unanswered.add(email);
      else this.#keep({ id, email });
    }
  }

  /** @param {string} email @param {string} note @returns {Promise<Outcome>} */
  async create(email, note) {
    // An earlier create with the e-mail may be unanswered still.
    const isFirst = !this.#unanswered.has(email);
    const answered = () => void (isFirst && this.#unanswered.delete(email));
    this.#unanswered.add(email);
    const outcome = await this.#sendCreate(email, note, answered);
    const { name, id } = outcome.reading;
    if (name === "account" && id !== undefined) {
      answered();
      if (this.before.has(String(id))) {
        throw new Stop("a create was answered with an account that was there before, which is not touched", 1);
      }
      this.#keep({ id, email });
    } else if (name !== "account" && name !== "error:answer_lost") answered();
    return outcome;
  }

  /** @param {string} email @param {string} note @param {() => void} answered */
  async #sendCreate(email, note, answered) {
    const { customer } = this.session.settings;
    try {
      return await this.session.call("create", { email, password: this.password, customer }, { note });
    } catch (error) {
      // It was not sent, or refused because of the rate.
      if (error instanceof Stop || error instanceof Interrupted) answered();
      throw error;
    }
  }

  /** An account is there, or still there. @param {Account} account */
  #keep(account) {
    this.#own.add(String(account.id));
    this.#standing.set(String(account.id), account);
  }

  /** The account of an e-mail, as far as it is known. @param {string} email @returns {Account | undefined} */
  known(email) {
    return [...this.#standing.values()].find((account) => emailKey(account.email) === emailKey(email));
  }

  /** One that was deleted is still shown: it is deleted again in the end. @param {Account} account */
  doubt(account) {
    if (this.#own.has(String(account.id))) this.#keep(account);
  }

  /**
   * @param {Id} id @param {string} note @param {{once?: boolean}} [manner]
   * @returns {Promise<Outcome>}
   */
  async remove(id, note, { once = false } = {}) {
    if (!this.#own.has(String(id))) throw new TypeError("only accounts of this run are deleted");
    const outcome = await this.session.call("delete", { userId: id }, { note, once });
    if (outcome.reading.name === "deleted") this.#standing.delete(String(id));
    return outcome;
  }

  /** Whether the password opens the account; undefined if 3dEye said neither. @param {string} email @param {string} note */
  async opens(email, note) {
    const outcome = await this.session.call("proof", { username: email, password: this.password }, { note });
    return { proved: true, not_proved: false }[outcome.reading.name];
  }

  /**
   * Looks for an account whose create was not answered, or answered without its id.
   * @param {string} email
   * @returns {Promise<"ours" | "another's" | "not there" | "unknown">} "ours": it is known from now on
   */
  async look(email) {
    const { users, ended } = await allUsers(this.session, "looking for the account");
    const isNew = (/** @type {Account} */ user) =>
      emailKey(user.email) === emailKey(email) && !this.before.has(String(user.id)) && !this.#own.has(String(user.id));
    const found = [...users.values()].filter(isNew);
    const isOpen = await this.opens(email, "is it the account of this run?");
    // Of several with the e-mail it is not known which one the password opens.
    if (found.length === 1 && isOpen) {
      this.#keep({ id: found[0].id, email });
      this.#unanswered.delete(email);
      return "ours";
    }
    if (found.length > 0) return isOpen === false ? "another's" : "unknown";
    return ended === "end" && isOpen === false ? "not there" : "unknown";
  }

  /**
   * Deletes what is left, also after an interruption, in bounded time.
   * @param {(text: string) => void} progress
   * @returns {Promise<{id: string | null, email: string}[]>} what could not be deleted
   */
  async cleanUp(progress) {
    this.session.signal = undefined;
    const pending = [...this.#standing.values()];
    if (pending.length + this.#unanswered.size > 0) progress("Deleting what was made");
    /** @type {{id: string | null, email: string}[]} */
    const remains = [];
    for (const account of pending) {
      if (!(await this.#surelyRemove(account))) remains.push({ id: String(account.id), email: account.email });
    }
    for (const email of [...this.#unanswered]) {
      const found = await this.#settle(email, progress);
      for (const account of found ?? []) {
        if (!(await this.#surelyRemove(account))) remains.push({ id: String(account.id), email });
      }
      if (found === undefined) remains.push({ id: null, email });
    }
    return remains;
  }

  /** @param {Account} account */
  async #surelyRemove({ id, email }) {
    let asked = 0;
    for (const wait of DELETE_WAITS_MS) {
      await this.session.pause(Math.max(wait, asked));
      const outcome = await orNothing(this.remove(id, "cleaning up", { once: true }));
      const name = outcome?.reading.name;
      if (name === "deleted" && !(await this.#isShown(id))) return true;
      // An account that is not known everywhere yet may answer so, too.
      if (name === "gone" && (await this.#isGone(id, email))) return true;
      const seconds = retryAfter(outcome?.headers.get("retry-after") ?? "", Date.now()) ?? 0;
      asked = Math.min(seconds * 1000, LONGEST_WAIT_MS);
    }
    return false;
  }

  /** Whether the list has it; one that cannot be read does not speak against a delete that worked. @param {Id} id */
  async #isShown(id) {
    const list = await orNothing(allUsers(this.session, "is it gone?"));
    return list?.users.has(String(id)) === true;
  }

  /** @param {Id} id @param {string} email */
  async #isGone(id, email) {
    const list = await orNothing(allUsers(this.session, "is it gone?"));
    const isShown = list?.ended !== "end" || list.users.has(String(id));
    return !isShown && (await orNothing(this.opens(email, "is it gone?"))) === false;
  }

  /**
   * Finds out what became of a create that was not answered.
   * @param {string} email @param {(text: string) => void} progress
   * @returns {Promise<Account[] | undefined>} its accounts, none if it did not work; undefined if that is not known
   */
  async #settle(email, progress) {
    let state = "unknown";
    for (const wait of LOOK_WAITS_MS) {
      await this.session.pause(wait);
      state = (await orNothing(this.look(email))) ?? "unknown";
      if (state === "ours") return [...this.#standing.values()].filter((account) => account.email === email);
    }
    if (state === "unknown") return undefined;
    progress(`A create of ${email} was not answered; no account that this run's password opens came of it`);
    return [];
  }
}

/**
 * Nothing, where the work failed: in the end it is told what remains, whatever went wrong.
 * @template T @param {Promise<T>} work @returns {Promise<T | undefined>}
 */
async function orNothing(work) {
  try {
    return await work;
  } catch {
    return undefined;
  }
}
