/** `npm run mutants` finds in the sources what it replaces, once; it takes too long to be run with every change. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { breakFiles } from "../dev/mutants/checkout.mjs";
import { MUTANTS } from "../dev/mutants/list.mjs";

for (const mutant of MUTANTS) {
  test(`${mutant.name} can be made`, () => {
    assert.ok(breakFiles(mutant).size > 0);
  });
}
