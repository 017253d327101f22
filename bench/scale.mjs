// The same work at growing sizes of the table of users.

import { randomUUID } from "node:crypto";
import { Failure, say, step } from "../dev/tooling/say.mjs";
import { BATCH } from "./counts.mjs";
import { growCrowd } from "./crowd.mjs";
import { table } from "./show.mjs";
import { instrumented } from "./workers.mjs";
import { World } from "./world.mjs";

/** Users there are. */
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** Rows that a backfill of 50 may read, whatever became of its users before. */
const MAX_READ = 700;
/** Rows by which the readings of one kind of work may differ between sizes. */
const TOLERANCE = 10;

const EXPLANATION = `
Rows read / rows written, as D1 bills them, by the built Worker. 999 users of 1000 are provisioned, the others wait for
their next attempt; each backfill of ${BATCH} finds ${BATCH} users due. Counted is every statement of the request.
`;

/**
 * @typedef {{read: number, written: number}} Rows
 * @typedef {(world: World) => Promise<Rows>} Work
 * @typedef {{name: string, work: Work, maxRead?: number}} Kind
 */

/** @type {Kind[]} */
const KINDS = [
  { name: `backfill of ${BATCH}`, maxRead: MAX_READ, work: (world) => backfill(world, []) },
  { name: "… right after a reset", maxRead: MAX_READ, work: async (world) => backfill(world, [await reset(world)]) },
  { name: "… after an insert", maxRead: MAX_READ, work: async (world) => backfill(world, [await insert(world)]) },
  { name: "… after an added e-mail", maxRead: MAX_READ, work: async (world) => backfill(world, [await addEmail(world)]) },
  { name: "… all reset", maxRead: MAX_READ, work: async (world) => run(world, await resetBatch(world)) },
  { name: "… all failed before", maxRead: MAX_READ, work: async (world) => run(world, await failedBatch(world)) },
  { name: "… all cut short before", maxRead: MAX_READ, work: async (world) => run(world, await cutShortBatch(world)) },
  {
    name: "dry run",
    work: (world) =>
      rows(world, {
        method: "POST",
        path: `/admin/backfill-threedeye?limit=${BATCH}&dryRun=true`,
        headers: world.surroundings.admin,
        status: 200,
      }),
  },
  {
    name: "diagnostics",
    work: async (world) =>
      rows(world, {
        method: "GET",
        path: `/admin/threedeye/users/${await provisioned(world)}`,
        headers: world.surroundings.admin,
        status: 200,
      }),
  },
  { name: "credentials", work: credentials },
  {
    name: "metrics",
    maxRead: 40,
    work: (world) => rows(world, { method: "GET", path: "/metrics", headers: world.surroundings.admin, status: 200 }),
  },
];

/** @param {import("./world.mjs").Surroundings} surroundings @returns {Promise<number>} how many promises are broken */
export async function benchScale(surroundings) {
  const world = await World.create(await instrumented(), surroundings);
  try {
    const measured = KINDS.map((kind) => ({ ...kind, rows: /** @type {Rows[]} */ ([]) }));
    let users = 0;
    /** @type {string[]} */
    const megabytes = [];
    for (const size of SIZES) {
      await step(`${size.toLocaleString("en")} users`, async () => {
        await growCrowd(world.host.db, users, size);
        users = size;
        const { meta } = await world.host.db.prepare("SELECT 1").run();
        megabytes.push((meta.size_after / 1e6).toFixed(1));
        for (const { work, rows } of measured) rows.push(await work(world));
      });
    }
    say(EXPLANATION);
    say(
      table([
        ["", ...SIZES.map((size) => size.toLocaleString("en"))],
        ...measured.map(({ name, rows }) => [name, ...rows.map(shown)]),
        ["database, MB", ...megabytes],
      ]),
    );
    const broken = measured.flatMap(brokenPromises);
    const promises = `a backfill of ${BATCH} reads ${MAX_READ} rows at most, and nothing reads more because there are more users`;
    say(broken.length === 0 ? `\n✓ ${promises}` : `\n${broken.map((line) => `✗ ${line}`).join("\n")}`);
    return broken.length;
  } finally {
    await world.close();
  }
}

/** @param {Rows} rows */
const shown = ({ read, written }) => `${read} / ${written}`;

/** @param {{name: string, maxRead?: number, rows: Rows[]}} kind */
function brokenPromises({ name, maxRead = Infinity, rows }) {
  const [least, most] = [Math.min(...rows.map(({ read }) => read)), Math.max(...rows.map(({ read }) => read))];
  return [
    ...(most > maxRead ? [`${name}: ${most} rows read, promised: ${maxRead} at most`] : []),
    ...(most > least + TOLERANCE ? [`${name}: from ${least} to ${most} rows read, which grows with the table`] : []),
  ];
}

/** @param {World} world @param {Parameters<World["call"]>[0]} request @returns {Promise<Rows>} */
async function rows(world, request) {
  return told((await world.call(request)).headers);
}

/** @param {Record<string, any>} headers @returns {Rows} */
const told = (headers) => ({ read: Number(headers["x-d1-rows-read"]), written: Number(headers["x-d1-rows-written"]) });

/** A run over `users` and as many new ones as make a batch. @param {World} world @param {string[]} users @returns {Promise<Rows>} */
async function backfill(world, users) {
  return run(world, [...users, ...(await world.addUsers(BATCH - users.length))]);
}

/** Users that had their account, and were reset one by one. @param {World} world */
async function resetBatch(world) {
  const users = await world.addUsers(BATCH);
  await run(world, users);
  for (const user of users) await resetOne(world, user);
  return users;
}

/** Users whose first attempt 3dEye refused. @param {World} world */
async function failedBatch(world) {
  const users = await world.addUsers(BATCH);
  const { simulator } = world.surroundings;
  await simulator.ask("fault", { match: { method: "POST", path: "/users" }, times: BATCH, action: { status: 400 } });
  const { failed } = await backfillOnce(world);
  if (failed !== BATCH) throw new Failure(`${failed} of ${BATCH} attempts failed`);
  return users;
}

/** Users whom a run has left behind that died. @param {World} world */
async function cutShortBatch(world) {
  const users = await failedBatch(world);
  await world.host.db
    .prepare(
      "UPDATE threedeye_users SET lease_token = 'lease_of_the_dead', lease_until = 1 WHERE user_id IN (SELECT value FROM json_each(?))",
    )
    .bind(JSON.stringify(users))
    .run();
  return users;
}

/** @param {World} world */
async function backfillOnce(world) {
  const { headers, json } = await world.call({
    method: "POST",
    path: `/admin/backfill-threedeye?limit=${BATCH}`,
    headers: world.surroundings.admin,
    status: 200,
  });
  return { figures: told(headers), failed: json.failed };
}

/** @param {World} world @param {string[]} users who are all to be provisioned */
async function run(world, users) {
  const { figures } = await backfillOnce(world);
  const { results } = await world.host.db
    .prepare("SELECT count(*) AS n FROM threedeye_users WHERE state = 'complete' AND user_id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(users))
    .run();
  if (results[0].n !== users.length) throw new Failure(`${results[0].n} of ${users.length} users were provisioned`);
  return figures;
}

/** A user that has its account. @param {World} world */
async function provisioned(world) {
  const [user = ""] = await world.addUsers(1);
  await world.call({
    method: "GET",
    path: `/users/${user}/3deye-credentials`,
    headers: await world.surroundings.person(user),
    status: 200,
  });
  return user;
}

/** @param {World} world */
async function reset(world) {
  const user = await provisioned(world);
  await resetOne(world, user);
  return user;
}

/** @param {World} world @param {string} user */
const resetOne = (world, user) =>
  world.call({
    method: "POST",
    path: `/admin/threedeye/users/${user}/reset`,
    headers: world.surroundings.admin,
    json: { deleteRemote: true },
    status: 200,
  });

/** As another service does it. @param {World} world */
async function insert(world) {
  const user = randomUUID();
  await world.host.db
    .prepare("INSERT INTO users (uuid, email, created_at) VALUES (?, ?, '2024-01-15T10:30:00.000Z')")
    .bind(user, `${user}@residents.example`)
    .run();
  return user;
}

/** @param {World} world */
async function addEmail(world) {
  const user = randomUUID();
  await world.host.db.prepare("INSERT INTO users (uuid, created_at) VALUES (?, '2024-01-15T10:30:00.000Z')").bind(user).run();
  await world.host.db.prepare("UPDATE users SET email = ? WHERE uuid = ?").bind(`${user}@residents.example`, user).run();
  return user;
}

/** @param {World} world */
async function credentials(world) {
  const user = await provisioned(world);
  return rows(world, {
    method: "GET",
    path: `/users/${user}/3deye-credentials`,
    headers: await world.surroundings.person(user),
    status: 200,
  });
}
