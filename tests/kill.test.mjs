/**
 * workerd is killed (SIGKILL) again and again in the middle of its work, over one database and beside an upstream that fails,
 * and then run to the end in peace. Whatever happened: exactly one account a user, whose password is the stored one, with
 * every role it had. KILL_SEED=… replays what was drawn: requests, faults, and the call at which the process dies.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Dice } from "./support/dice.mjs";
import { calm, LONGEST_EFFECT_MS, upset } from "./support/mayhem.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { ROLES, Town } from "./support/town.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 100);
/** Longer than any lease, so that the leases of a killed process have ended in the next round. */
const LEASE_MS = 61_000;
/** Longer than any wait of the queue. */
const DAY_MS = 25 * 60 * 60 * 1000;
/** In which everything must have come to its end. */
const PEACEFUL_RUNS = 6;
/** A round whose work ends, or stands still, before the drawn moment ends with a kill as well. */
const ROUND_MS = 1_500;

const service = await serviceForThisFile({
  instrumented: true,
  vars: { THREEDEYE_TIMEOUT_MS: "400", THREEDEYE_PAGE_SIZE: "25", BACKFILL_MAX_TAKEOVERS: "500", BACKFILL_CRON_LIMIT: "5" },
  simulator: { roles: ROLES },
});
const { sim } = service;

const STEPS = ["list", "token", "create", "delete", "attach"];
const MOMENTS = STEPS.flatMap((step) => [`${step} arrived`, `${step} answered`]);

/**
 * Waits for the moment at which the process dies: a call to 3dEye has just arrived, or has had its effect and is not answered
 * yet, or a little later. By turns it is a call of a certain kind, so that the rare ones get their share, and any.
 * @param {Dice} dice @param {number} round @param {() => void} strike
 */
function atDrawnMoment(dice, round, strike) {
  const kind = round % 2 === 0 ? undefined : MOMENTS[((round - 1) / 2) % MOMENTS.length];
  const wanted = 1 + dice.below(kind ? 4 : 60);
  const laterMs = dice.one([0, 0, 0, 1, 2, 4, 8, 15]);
  let seen = 0;
  let last = "nothing";
  const end = sim.watchCalls((when, { method, path }) => {
    if (!path.startsWith("/v3/")) return;
    const step = `${stepOf(method, path)} ${when}`;
    if (seen < wanted) last = step;
    if ((kind && step !== kind) || ++seen !== wanted) return;
    if (laterMs === 0) strike();
    else setTimeout(strike, laterMs);
  });
  return { last: () => last, end };
}

/** @param {string} method @param {string} path */
function stepOf(method, path) {
  if (path === "/v3/auth/token") return "token";
  if (path.startsWith("/v3/roles/")) return "attach";
  return { GET: "list", POST: "create", DELETE: "delete" }[method] ?? method;
}

/** What was sent has had its effect: nothing is under way for as long as a lease lasts. */
async function effectsHaveEnded() {
  for (let waited = 0; waited < LONGEST_EFFECT_MS && sim.calls().some(({ status }) => status === null); waited += 20)
    await sleep(20);
  sim.clearCalls();
}

/** What the kills struck. */
class Deaths {
  /** Kills that left a request without its answer. */
  atWork = 0;
  /** Kills that left users under a lease. */
  holding = 0;
  /** By the last call to 3dEye before a kill at work. */
  at = Object.fromEntries(["nothing", ...MOMENTS].map((moment) => [moment, 0]));

  /** @param {boolean[]} wereAnswered @param {string} moment @param {number} leases */
  note(wereAnswered, moment, leases) {
    if (leases > 0) this.holding += 1;
    if (!wereAnswered.includes(false)) return;
    this.atWork += 1;
    this.at[moment] += 1;
  }

  assertSpread() {
    assert.ok(this.atWork >= ROUNDS * 0.8, `${this.atWork} of ${ROUNDS} kills struck work under way`);
    assert.ok(this.holding >= ROUNDS * 0.5, `${this.holding} of ${ROUNDS} kills left leases behind`);
    for (const step of STEPS) assert.ok(this.at[`${step} arrived`] + this.at[`${step} answered`] > 0, `none died at a ${step}`);
  }
}

/** A bad day until the process dies, and is there again. @param {Town} town @param {number} round @param {Deaths} deaths */
async function untilDeath(town, round, deaths) {
  await town.wait(LEASE_MS);
  calm(sim);
  await town.live();
  upset(sim, town.dice);
  let restarted = /** @type {Promise<void> | undefined} */ (undefined);
  const strike = () => {
    restarted ??= service.kill();
  };
  const drawn = atDrawnMoment(town.dice, round, strike);
  const sent = Promise.all(town.send());
  await Promise.race([sent, sleep(ROUND_MS)]);
  strike();
  const wereAnswered = await sent;
  await restarted;
  drawn.end();
  const [{ leases }] = await service.sql("SELECT count(*) AS leases FROM threedeye_users WHERE lease_until > ?", town.now());
  deaths.note(wereAnswered, drawn.last(), leases);
  await effectsHaveEnded();
}

/** Runs until nothing waits, as late as the longest wait asks for. @param {Town} town @returns {Promise<number>} what is left */
async function runInPeace(town) {
  calm(sim);
  await sleep(LONGEST_EFFECT_MS);
  let remaining = Infinity;
  for (let run = 1; run <= PEACEFUL_RUNS && remaining > 0; run += 1) {
    await town.wait(DAY_MS);
    const { status, json, text } = await service.backfill("?limit=500");
    assert.equal(status, 200, text);
    town.runsDone.push(json);
    remaining = json.remaining;
  }
  await service.scheduled();
  return remaining;
}

test(`${ROUNDS} kills, and one account for each user with the stored password and every role`, async (t) => {
  const dice = new Dice(process.env.KILL_SEED);
  const where = `KILL_SEED=${dice.seed}`;
  t.diagnostic(where);
  const town = new Town(service, dice);
  await town.moveIn(12);
  await town.moveIn(8, { holding: ["front-door", "lobby"] });
  await town.moveIn(4, { mover: true });
  await town.moveIn(2, { orphan: true });
  const others = ["neighbour@example.com", service.login.username];
  sim.seed(others.map((email) => ({ email, roles: ["roof"] })));
  sim.seed({ generate: { count: 40, customerId: "another-customer", prefix: "stranger-" } });
  const notOurs = () => sim.users().filter(({ customerId, email }) => customerId !== service.customer || others.includes(email));
  const before = notOurs();

  const deaths = new Deaths();
  for (let round = 1; round <= ROUNDS; round += 1) {
    try {
      await untilDeath(town, round, deaths);
    } catch (error) {
      throw new Error(`round ${round}, ${where}: ${/** @type {Error} */ (error).message}`, { cause: error });
    }
  }
  t.diagnostic(JSON.stringify({ users: town.people.length, ...deaths, answers: town.statuses }));
  deaths.assertSpread();

  assert.equal(await runInPeace(town), 0, where);
  for (const person of town.people) await assertPromised(town, person, where);
  assert.deepEqual(notOurs(), before, `${where}: accounts that are not our users' are unchanged`);
  const ours = town.people.filter(({ orphan }) => !orphan);
  assert.equal(sim.users().length, before.length + ours.length, `${where}: no account too many`);
  await assertNothingLeft(town, where);
  await assertLedger(town, where);
  assert.equal((await service.call("GET", "/health")).status, 200);
  const roles = ours.reduce((sum, { must }) => sum + must.size, 0);
  t.diagnostic(`${ours.length} users hold ${roles} roles that they had to keep`);
  assert.ok(roles > ours.length / 4, "there were roles to lose");
});

/** @param {Town} town @param {import("./support/town.mjs").Person} person @param {string} where */
async function assertPromised(town, person, where) {
  const whose = `${where}, user ${person.id}`;
  const answer = await service.credentials(person.id, service.adminPair());
  const accounts = town.accountsOf(person);
  assert.equal(accounts.length, 1, `${whose}: ${JSON.stringify(accounts)}`);
  const [account] = accounts;
  if (person.orphan) {
    assert.equal(answer.status, 409, `${whose}: ${answer.text}`);
    return;
  }
  assert.equal(answer.status, 200, `${whose}: ${answer.text}`);
  const { email, threeDeyeUserId, password } = answer.json;
  assert.deepEqual(
    { email, threeDeyeUserId, password },
    { email: account.email, threeDeyeUserId: account.id, password: account.password },
    whose,
  );
  const held = account.roles.map(String);
  assert.deepEqual(
    [...person.must].filter((role) => !held.includes(role)),
    [],
    `${whose}: lost roles`,
  );
  assert.deepEqual(
    held.filter((role) => !person.may.has(role)),
    [],
    `${whose}: roles it never had, or that were taken away`,
  );
}

/** No lease that lasts, no saved roles, no work, and a count that is right. @param {Town} town @param {string} where */
async function assertNothingLeft(town, where) {
  const [left] = await service.sql(`SELECT
    (SELECT count(*) FROM threedeye_users WHERE lease_until > ${town.now()}) AS leases,
    (SELECT count(*) FROM threedeye_recovery) AS recoveries,
    (SELECT count(*) FROM provisioning_queue) AS queue,
    (SELECT value FROM provisioning_totals WHERE name = 'waiting') AS waiting`);
  assert.deepEqual(left, { leases: 0, recoveries: 0, queue: 0, waiting: 0 }, where);
}

/** A run that was killed stays as it began; one that ended adds up, and is what was answered. @param {Town} town @param {string} where */
async function assertLedger(town, where) {
  const rows = await service.sql("SELECT * FROM provisioning_runs");
  const died = rows.filter(({ status }) => status === "running");
  const ended = rows.filter(({ status }) => status !== "running");
  assert.ok(died.length > 0 && died.length <= 2 * ROUNDS, `${where}: ${died.length} died`);
  for (const row of died) assert.deepEqual([row.finished_at, row.total, row.remaining], [null, 0, null], where);
  for (const row of ended) {
    assert.ok(row.finished_at >= row.started_at && row.remaining >= 0, where);
    assert.equal(row.total, row.created + row.failed + row.skipped, `${where}: ${JSON.stringify(row)}`);
  }
  for (const { runId, success, total, created, failed } of town.runsDone) {
    const row = rows.find(({ run_id: id }) => id === runId);
    assert.deepEqual(
      [row?.status, row?.total, row?.created, row?.failed],
      [success ? "completed" : "ended_early", total, created, failed],
      where,
    );
  }
  const audited = new Set(
    (await service.audit()).filter(({ action }) => action === "threedeye.reset").map(({ request_id: id }) => id),
  );
  assert.deepEqual(
    town.resetsDone.filter((id) => !audited.has(id)),
    [],
    `${where}: every reset that was answered is in the audit trail`,
  );
}
