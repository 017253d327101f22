// Production code broken on purpose, a guard at a time: the shipped SQL and Rust.

import { ORDERS } from "./orders.mjs";
import { PROVISIONING } from "./provisioning.mjs";
import { SERVICE } from "./service.mjs";

/**
 * @typedef {object} Edit
 * @property {string} file
 * @property {string} find occurs once in it
 * @property {string} replace
 *
 * @typedef {object} Mutant
 * @property {string} name
 * @property {string} breaks what is wrong with it
 * @property {Edit[]} edits
 * @property {string} [test] the native test that notices it, where that is not the simulation
 */

/** Each with the test that notices it. */
export const MUTANTS = [
  ...[...PROVISIONING, ...ORDERS].map((mutant) => ({
    test: "provisioning::simulation::tests::whatever_happened_before_it_ends_well",
    ...mutant,
  })),
  ...SERVICE.map((mutant) => ({
    test: "testing::simulation::service::tests::whatever_happened_no_promise_is_broken",
    ...mutant,
  })),
];
