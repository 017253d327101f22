/** What a test or a developer can do to a running simulator; `control-http.mjs` offers the same over HTTP. */

import { defaultConfig, patchConfig, roleList } from "./config.mjs";
import { mint } from "./mint.mjs";
import { issuerOf } from "./openid.mjs";
import { anything, ControlError, identifier, integer, list, record, text } from "./shape.mjs";

/**
 * @typedef {import("./server.mjs").Simulation} Simulation
 * @typedef {ReturnType<typeof createControl>} Control
 */

const seededUser = record(
  {
    id: identifier,
    email: text,
    password: text,
    firstName: text,
    lastName: text,
    customerId: text,
    roles: roleList,
  },
  ["email"],
);

const seedShape = record({
  users: list(seededUser),
  generate: record({ count: integer({ min: 1, max: 1_000_000 }), customerId: text, prefix: text, roles: roleList }, ["count"]),
});

const resetShape = record({ config: anything, users: anything });

/**
 * @param {Simulation} simulation
 * @param {{changed: () => void}} surroundings
 */
export function createControl(simulation, { changed }) {
  const { directory, tokens, faults, calls, issuer, codes } = simulation;

  const control = {
    /**
     * Back to an empty directory, default settings, no faults, no calls, no access tokens and no authorization codes. The issuer's keys stay.
     * @param {{config?: object, users?: any}} [opts] applied afterwards, as by `configure` and `seed`
     */
    reset(opts = {}) {
      const { config, users } = resetShape(opts, "reset");
      simulation.config = defaultConfig();
      directory.clear();
      tokens.expireAll();
      codes.clear();
      faults.clear();
      calls.reset();
      if (config !== undefined) control.configure(config);
      if (users !== undefined) control.seed(users);
    },

    /**
     * Adds users that have always been there; the roles they hold come into being. The customer defaults to our own, the
     * password to one that is never told. `{generate}` makes `${prefix}1@example.com`, `${prefix}2@example.com`, ...
     * @param {any} input a list of users, `{users}` or `{generate: {count, customerId, prefix, roles}}`
     */
    seed(input) {
      const { users, generate } = seedShape(Array.isArray(input) ? { users: input } : input, "seed");
      if ((users === undefined) === (generate === undefined)) throw new ControlError("seed needs either users or generate");
      const customerId = simulation.config.ownCustomerId;
      const wanted = (users ?? generatedUsers(generate)).map((/** @type {any} */ user) => ({ customerId, ...user }));
      return directory.seed(wanted, simulation.config.idStyle).map(describeUser);
    },

    /** Everyone, in whichever customer, visible or not. */
    users: () => directory.all().map(describeUser),

    /** @param {object} patch any settings of `config.mjs`; `roles` replaces the roles that can be attached */
    configure(patch) {
      const { config, roles } = patchConfig(simulation.config, patch);
      simulation.config = config;
      if (roles) directory.replaceRoles(roles);
      return control.config();
    },

    config: () => structuredClone({ ...simulation.config, roles: directory.roles() }),

    /**
     * @param {object} rule `{match?: {method?, path?, email?, nth?}, times?, skip?, action}`, see `faults.mjs`
     * @returns {{id: number}}
     */
    fault: (rule) => ({ id: faults.add(rule) }),
    faults: () => faults.list(),
    clearFaults: () => faults.clear(),

    calls: () => calls.list(),
    clearCalls: () => calls.clear(),

    /** Follows the calls as they happen, see `CallLedger`; ends with the function it returns. */
    watchCalls: (/** @type {import("./calls.mjs").Watcher} */ watcher) => calls.watch(watcher),

    /**
     * @param {import("./mint.mjs").MintOrder} [order]
     * @returns {string} a compact JWT
     */
    mint: (order = {}) => mint(issuer, { iss: issuerOf(simulation), aud: simulation.config.audience }, order),

    /** Publishes fresh signing keys and drops the old ones. */
    rotateKeys() {
      issuer.rotate();
      changed();
      return issuer.jwks();
    },
  };
  return control;
}

/** @param {{count: number, customerId?: string, prefix?: string, roles?: any[]}} order */
function generatedUsers({ count, prefix = "user-", ...rest }) {
  return Array.from({ length: count }, (_, index) => ({ ...rest, email: `${prefix}${index + 1}@example.com` }));
}

/** @param {import("./directory.mjs").User} user */
function describeUser({ visibleAt, createdAt, roleIds, ...user }) {
  return { ...user, roles: [...roleIds], createdAt: new Date(createdAt).toISOString(), visible: visibleAt <= Date.now() };
}
