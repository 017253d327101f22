/**
 * workerd is killed (SIGKILL) in the middle of resets of one user's key. Whatever happened: one key is the user's and no other
 * opens anything, the audit trail has a row for every key there was, and a repeated reset gives one that is known.
 * KILL_SEED=… draws the same delays again.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Dice } from "./support/dice.mjs";
import { addInstance, keyHeaders } from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 15);
/** Below what one caller may send in a second. */
const RESETS = 40;
/** Later, most resets would be done before the kill. */
const LATEST_KILL_MS = 150;

const service = await serviceForThisFile();

test(`a reset is whole or never was, over ${ROUNDS} kills`, async (t) => {
  const dice = new Dice(process.env.KILL_SEED);
  t.diagnostic(`KILL_SEED=${dice.seed}`);
  const cut = { short: 0, unanswered: 0 };
  for (let round = 0; round < ROUNDS; round += 1) await play(dice, cut);
  t.diagnostic(`${cut.short} rounds lost answers, in ${cut.unanswered} of them a key that was written but never told`);
  assert.ok(cut.short > 0, "no kill met a reset at work: nothing was shown");
});

/** @param {Dice} dice @param {{short: number, unanswered: number}} cut */
async function play(dice, cut) {
  const instance = await addInstance(service);
  const { name, ada, account, program } = instance;
  const reset = () =>
    service.call("POST", `/v1.1/instances/${name}/users/${ada.id}/reset_key/`, { headers: keyHeaders(account.full) });
  const opens = async (/** @type {string} */ key) =>
    (await service.call("GET", `/v1.1/instances/${name}/user/`, { headers: keyHeaders(program.plain, { key }) })).status === 200;

  const sent = Promise.allSettled(Array.from({ length: RESETS }, reset));
  await sleep(dice.below(LATEST_KILL_MS));
  await service.kill();
  const answered = (await sent).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  for (const { status } of answered) assert.equal(status, 200);

  const trail = await service.sql(
    "SELECT at, request_id AS request FROM audit_log WHERE subject = ? ORDER BY id",
    `instance-user:${ada.id}`,
  );
  const keys = new Map(answered.map(({ headers, json }) => [headers["x-request-id"], json.user_key]));
  for (const id of keys.keys())
    assert.equal(trail.filter(({ request }) => request === id).length, 1, "every key that was told has its row");
  const last = trail.at(-1);
  const [{ changedAt }] = await service.sql("SELECT key_changed_at AS changedAt FROM instance_users WHERE id = ?", ada.id);
  assert.equal(changedAt, last?.at ?? ada.createdAt, "the last row tells of the key in force");

  // The key in force is that of the last row; its answer may have been lost.
  const inForce = last ? keys.get(last.request) : ada.key;
  for (const key of [ada.key, ...keys.values()]) assert.equal(await opens(key), key === inForce);
  if (answered.length < RESETS) cut.short += 1;
  if (inForce === undefined) cut.unanswered += 1;

  const { json } = await reset();
  assert.ok(await opens(json.user_key));
  if (inForce !== undefined) assert.ok(!(await opens(inForce)));
}
