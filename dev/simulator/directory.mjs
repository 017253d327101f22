/**
 * The vendor's accounts: users of all customers in one e-mail name space, their roles, and the vendor's slowness in making
 * changes visible.
 */

import { randomInt, randomUUID } from "node:crypto";

import { ControlError } from "./shape.mjs";

/**
 * @typedef {string | number} Id kept in its JSON type, compared as a string
 * @typedef {object} User
 * @property {Id} id
 * @property {string} email as given; compared without regard to case
 * @property {string} password in clear, because this is a toy whose tests must be able to check it
 * @property {string} firstName
 * @property {string} lastName
 * @property {string} customerId
 * @property {Id[]} roleIds
 * @property {number} createdAt epoch milliseconds
 * @property {number} visibleAt when lists begin to show it, epoch milliseconds
 *
 * @typedef {{id: Id, name: string}} Role
 *
 * @typedef {object} NewUser
 * @property {Id} [id]
 * @property {string} email
 * @property {string} [password]
 * @property {string} [firstName]
 * @property {string} [lastName]
 * @property {string} customerId
 * @property {{id: Id, name?: string}[]} [roles]
 */

/** @param {string} email */
const emailKey = (email) => email.trim().toLowerCase();

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
const MARKS = "-_.!";

const PASSWORD_RULE = /^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[-_.!])[A-Za-z0-9\-_.!]{20}$/;

/**
 * The vendor's rule for passwords chosen at creation.
 * @param {string} password
 */
export const isAcceptablePassword = (password) => PASSWORD_RULE.test(password);

/** A password that is never told, for seeded accounts that came into being outside our control. */
function unknownPassword() {
  const alphabet = LOWER + UPPER + DIGITS + MARKS;
  const draw = (/** @type {string} */ from) => from[randomInt(from.length)];
  return Array.from({ length: 16 }, () => draw(alphabet)).join("") + draw(LOWER) + draw(UPPER) + draw(DIGITS) + draw(MARKS);
}

export class Directory {
  /** @type {Map<string, User>} by id, in order of creation, which is the order of the pages */
  #users = new Map();
  /** @type {Map<string, User>} */
  #byEmail = new Map();
  /** @type {Map<string, number>} e-mails of deleted users and the time until which they stay taken */
  #takenUntil = new Map();
  /** @type {Map<string, Role>} */
  #roles = new Map();
  /** @type {Map<string, number>} attempts to attach, by role and user */
  #attachAttempts = new Map();
  /** @type {{customerId: string, users: User[], until: number} | undefined} the last list, for clients that read it page by page */
  #lastList;
  #nextNumericId = 1001;
  #onChange;

  /** @param {() => void} [onChange] called after every change that a saved state must reflect */
  constructor(onChange = () => {}) {
    this.#onChange = onChange;
  }

  clear() {
    this.#forgetEverything();
    this.#onChange();
  }

  #forgetEverything() {
    for (const map of [this.#users, this.#byEmail, this.#takenUntil, this.#roles, this.#attachAttempts]) map.clear();
    this.#lastList = undefined;
    this.#nextNumericId = 1001;
  }

  /** All users, visible or not, in order of creation. */
  all() {
    return [...this.#users.values()];
  }

  /** @param {string} customerId @returns {readonly User[]} */
  visibleUsersOf(customerId, now = Date.now()) {
    if (this.#lastList?.customerId !== customerId || this.#lastList.until <= now) {
      const all = this.all().filter((user) => user.customerId === customerId);
      const users = all.filter(({ visibleAt }) => visibleAt <= now);
      const until = all.reduce((next, { visibleAt }) => (visibleAt > now ? Math.min(next, visibleAt) : next), Infinity);
      this.#lastList = { customerId, users, until };
    }
    return this.#lastList.users;
  }

  /** @param {string} email */
  findByEmail(email) {
    return this.#byEmail.get(emailKey(email));
  }

  /**
   * @param {string} id
   * @param {string} customerId users of other customers don't exist for the caller
   */
  findInCustomer(id, customerId) {
    const user = this.#users.get(id);
    return user?.customerId === customerId ? user : undefined;
  }

  /**
   * Whether an e-mail can't be used for a new user, in whichever customer.
   * @param {string} email
   */
  isTaken(email, now = Date.now()) {
    const key = emailKey(email);
    return this.#byEmail.has(key) || (this.#takenUntil.get(key) ?? 0) > now;
  }

  /**
   * Adds a user whose e-mail the caller has found free.
   * @param {NewUser} input
   * @param {{idStyle?: "guid" | "numeric", visibleInMs?: number}} [options]
   * @returns {User}
   */
  add(input, options) {
    const user = this.#insert(input, options);
    this.#onChange();
    return user;
  }

  /**
   * Adds users that existed before the test began: at once visible, and the roles they hold come into being.
   * All or none, so that a refused seed leaves no half behind.
   * @param {NewUser[]} inputs
   * @param {"guid" | "numeric"} idStyle
   */
  seed(inputs, idStyle) {
    const emails = new Set();
    const ids = new Set();
    for (const { email, id } of inputs) {
      if (this.#byEmail.has(emailKey(email)) || emails.has(emailKey(email))) {
        throw new ControlError(`the e-mail ${email} is there already: e-mails are unique across all customers`);
      }
      emails.add(emailKey(email));
      if (id === undefined) continue;
      if (this.#users.has(String(id)) || ids.has(String(id))) throw new ControlError(`the user id ${id} is there already`);
      ids.add(String(id));
      // Given ids go first, or a generated number could take one that a later entry asks for.
      if (Number.isSafeInteger(Number(id))) this.#nextNumericId = Math.max(this.#nextNumericId, Number(id) + 1);
    }
    for (const { roles = [] } of inputs) this.#addRoles(roles);
    const users = inputs.map((input) => this.#insert(input, { idStyle }));
    this.#onChange();
    return users;
  }

  /**
   * @param {NewUser} input
   * @param {{idStyle?: "guid" | "numeric", visibleInMs?: number}} [options]
   * @returns {User}
   */
  #insert(input, { idStyle = "guid", visibleInMs = 0 } = {}) {
    const now = Date.now();
    const user = {
      id: input.id ?? this.#newId(idStyle),
      email: input.email,
      password: input.password ?? unknownPassword(),
      firstName: input.firstName ?? "",
      lastName: input.lastName ?? "",
      customerId: input.customerId,
      roleIds: [...new Set((input.roles ?? []).map((role) => this.#roles.get(String(role.id))?.id ?? role.id))],
      createdAt: now,
      visibleAt: now + visibleInMs,
    };
    this.#index(user);
    return user;
  }

  /** @param {User} user */
  #index(user) {
    this.#users.set(String(user.id), user);
    this.#lastList = undefined;
    this.#byEmail.set(emailKey(user.email), user);
    this.#takenUntil.delete(emailKey(user.email));
  }

  /** @param {"guid" | "numeric"} style */
  #newId(style) {
    if (style === "guid") return randomUUID();
    while (this.#users.has(String(this.#nextNumericId))) this.#nextNumericId += 1;
    return this.#nextNumericId++;
  }

  /**
   * Removes a user at once; its e-mail may stay taken for a while.
   * @param {User} user
   * @param {number} takenForMs
   */
  remove(user, takenForMs) {
    this.#users.delete(String(user.id));
    this.#lastList = undefined;
    this.#byEmail.delete(emailKey(user.email));
    if (takenForMs > 0) this.#takenUntil.set(emailKey(user.email), Date.now() + takenForMs);
    this.#onChange();
  }

  roles() {
    return [...this.#roles.values()];
  }

  /** @param {Id} id */
  role(id) {
    return this.#roles.get(String(id));
  }

  /**
   * Makes these the only roles that can be attached from now on.
   * @param {{id: Id, name?: string}[]} roles
   */
  replaceRoles(roles) {
    this.#roles.clear();
    this.#addRoles(roles);
    this.#onChange();
  }

  /** @param {{id: Id, name?: string}[]} roles */
  #addRoles(roles) {
    for (const { id, name } of roles) {
      const known = this.#roles.get(String(id));
      if (!known || name) this.#roles.set(String(id), { id: known?.id ?? id, name: name ?? `Role ${id}` });
    }
  }

  /**
   * @param {Role} role
   * @param {User} user
   * @param {number} notFoundTimes how many first attempts of this pair the vendor doesn't know the user yet
   * @returns {"attached" | "already" | "propagating"}
   */
  attachRole(role, user, notFoundTimes) {
    const pair = JSON.stringify([role.id, user.id]);
    const attempt = (this.#attachAttempts.get(pair) ?? 0) + 1;
    this.#attachAttempts.set(pair, attempt);
    if (attempt <= notFoundTimes) return "propagating";
    if (user.roleIds.some((id) => String(id) === String(role.id))) return "already";
    user.roleIds.push(role.id);
    this.#onChange();
    return "attached";
  }

  /** What a saved state holds: the accounts, not the passing delays. */
  snapshot() {
    return { users: this.all(), roles: this.roles() };
  }

  /** @param {{users: User[], roles: Role[]}} snapshot */
  restore({ users, roles }) {
    this.#forgetEverything();
    this.#addRoles(roles);
    for (const user of users) this.#index(user);
  }
}
