/**
 * workerd is killed (SIGKILL) in the middle of changes to accounts. Whatever happened: a code that was accepted is used up, and
 * every code that is used up has its row in the trail and its notice. KILL_SEED=… draws the same delays again.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Accounts, assertFine } from "./support/accounts.mjs";
import { Dice } from "./support/dice.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 8);
/** Users at a time; each of them uses up their codes one after the other. */
const USERS = 6;
/** Later, most codes would be used up before the kill. */
const LATEST_KILL_MS = 120;

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);

test(`codes are used up as a whole or not at all, over ${ROUNDS} kills`, async (t) => {
  const dice = new Dice(process.env.KILL_SEED);
  t.diagnostic(`KILL_SEED=${dice.seed}`);
  const cut = { short: 0, unanswered: 0 };
  for (let round = 0; round < ROUNDS; round += 1) await play(dice, cut);
  t.diagnostic(`${cut.short} users lost answers, ${cut.unanswered} codes were used up though their answer was lost`);
  assert.ok(cut.short > 0, "no kill met a code at work: nothing was shown");
});

/** @param {Dice} dice @param {{short: number, unanswered: number}} cut */
async function play(dice, cut) {
  await api.freeze();
  const people = [];
  for (let count = 0; count < USERS; count += 1) {
    const user = await service.addUser();
    people.push({ user, ...(await api.enrol(user)), accepted: /** @type {string[]} */ ([]), headers: api.person(user) });
  }
  const sent = people.map(async (person) => {
    for (const code of person.codes) {
      assertFine(await api.verify(person.headers, code), { success: true, method: "backup_code" });
      person.accepted.push(code);
    }
  });
  const done = Promise.allSettled(sent);
  await sleep(dice.below(LATEST_KILL_MS));
  await service.kill();
  for (const outcome of await done)
    assert.ok(
      outcome.status === "fulfilled" || outcome.reason.code !== "ERR_ASSERTION",
      String(outcome.status === "rejected" && outcome.reason),
    );

  await api.freeze();
  for (const { user, codes, accepted } of people) {
    const { backup_codes: left, backup_codes_remaining: count } = await api.status(user);
    assert.equal(left.length, count);
    const used = codes.filter((code) => !left.includes(code));
    for (const code of accepted) assert.ok(used.includes(code), "a code that was accepted would be accepted again");
    assert.ok(used.length <= accepted.length + 1, "codes are used up that were not sent");
    const trail = (await service.audit()).filter(({ subject, action }) => subject === user.id && action === "backup_code.use");
    const notices = await service.sql("SELECT id FROM notices WHERE user_id = ? AND type = 'backup_code_used'", user.id);
    const merged = Math.min(used.length, 1);
    assert.deepEqual([trail.length, notices.length], [used.length, merged], "each has its row, and all their notice");
    for (const code of used) assert.equal((await api.verify(user, code)).status === 200, false);
    if (accepted.length < codes.length) cut.short += 1;
    cut.unanswered += used.length - accepted.length;
  }
}
