// Our Worker and the others, in turn: the same requests on the same rows, each
// answered by a workerd of its own, one while the others rest.

import { measure, merge } from "./measure.mjs";
import { askedOf, compareAnswers, NAMED, worldOf } from "./rivals.mjs";
import { BACKFILLS, prepare, runBackfill, WARM_UP, YOUTH, youthOf } from "./rows.mjs";
import { EMPTY, ONE_QUERY } from "./workers.mjs";
import { World } from "./world.mjs";

/** @typedef {import("./measure.mjs").Figures} Figures */
/** @typedef {import("./rivals.mjs").Rival} Rival */
/** @typedef {import("./rows.mjs").Row} Row */
/** @typedef {import("./world.mjs").Request} Request */
/** @typedef {"ours" | Rival} Contestant */
/** @typedef {Record<Contestant, World>} Worlds */
/** @typedef {{id: string, name: string, concurrency: number, rival: Rival, ours: Figures, other: Figures}} Duel */

/** Short, so that a busy moment of the machine meets all. */
const ROUNDS = 10;
const AT_A_TIME = [
  { concurrency: 1, times: 30 },
  { concurrency: 16, times: 100 },
];

const CONNECTIONS = 6;

/**
 * @param {import("./world.mjs").Surroundings} surroundings
 * @param {import("./options.mjs").Id[]} [ids] of the rows that are wanted; all without
 */
export async function contest(surroundings, ids) {
  const isWanted = (/** @type {{id: import("./options.mjs").Id}} */ { id }) => !ids || ids.includes(id);
  const worlds = /** @type {Worlds} */ ({});
  try {
    for (const name of /** @type {const} */ (["ours", "twin", "cachingTwin", "floor"]))
      worlds[name] = await worldOf(name, surroundings);
    const rows = await prepare(worlds.ours);
    const given = await worlds.ours.rows();
    for (const name of /** @type {const} */ (["twin", "cachingTwin"])) {
      await worlds[name].give(given);
      const shared = rows.filter(({ against }) => against.includes(name));
      await compareAnswers(
        worlds.ours,
        worlds[name],
        shared.map(({ name, request }) => ({ name, ...request })),
      );
    }
    const warm = new Map();
    const duels = isWanted(YOUTH) ? [await youth(worlds, rows)] : [];
    for (const row of rows.filter(isWanted)) {
      const contestants = /** @type {Contestant[]} */ (["ours", ...row.against]);
      for (const name of contestants) await warmUp(worlds[name], askedOf(name, row.request), warm);
      for (const load of AT_A_TIME) {
        const figures = await inTurn(contestants, (name) => measure(worlds[name], askedOf(name, row.request), load));
        for (const rival of row.against)
          duels.push({ id: row.id, name: NAMED[rival](row.name), rival, ...load, ours: figures.ours, other: figures[rival] });
      }
    }
    const backfills = [];
    const putBack = await surroundings.remember();
    for (const order of BACKFILLS.filter(isWanted)) {
      const run = (/** @type {Contestant} */ name) => runBackfill(worlds[name], order, putBack);
      if (backfills.length === 0) await inTurn(["ours", "twin"], run); // warms up
      const { ours, twin } = await inTurn(["ours", "twin"], run, order.rounds);
      backfills.push({ ...order, limitMs: (order.users * order.latencyMs) / CONNECTIONS, ours, twin });
    }
    await putBack();
    return { duels, backfills };
  } finally {
    for (const world of Object.values(worlds)) await world.close();
  }
}

/** What the same number of requests costs a Worker that does (next to) nothing: the plumbing below both. @param {import("./world.mjs").Surroundings} surroundings */
export async function plumbing(surroundings) {
  const floors = [];
  for (const [name, modules] of /** @type {const} */ ([
    ["an empty Worker", EMPTY],
    ["a Worker with one D1 query", ONE_QUERY],
  ])) {
    const world = await World.create(modules, surroundings);
    const request = { method: "GET", path: "/", status: 200 };
    await measure(world, request, WARM_UP);
    for (const load of AT_A_TIME) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(world, request, load));
      floors.push({ name, ...load, figures: merge(rounds) });
    }
    await world.close();
  }
  return floors;
}

/** @param {Worlds} worlds @param {Row[]} rows @returns {Promise<Duel>} */
async function youth({ ours, twin }, rows) {
  const row = youthOf(rows);
  const { id, name, concurrency, request } = row;
  return {
    id,
    name,
    concurrency,
    rival: "twin",
    ours: await measure(ours, request, row),
    other: await measure(twin, request, row),
  };
}

/** The floor is asked the same in several rows. @param {World} world @param {Request} request @param {Map<World, Request>} warm what each was asked last */
async function warmUp(world, request, warm) {
  if (warm.get(world) === request) return;
  await measure(world, request, WARM_UP);
  warm.set(world, request);
}

/**
 * Going first may be a disadvantage, so every second round goes the other way.
 * @param {Contestant[]} names @param {(name: Contestant) => Promise<Figures>} round @param {number} [rounds]
 */
async function inTurn(names, round, rounds = ROUNDS) {
  const figures = /** @type {Record<Contestant, Figures[]>} */ ({ ours: [], twin: [], cachingTwin: [], floor: [] });
  for (let count = 0; count < rounds; count += 1) {
    for (const name of count % 2 === 0 ? names : names.toReversed()) figures[name].push(await round(name));
  }
  return /** @type {Record<Contestant, Figures>} */ (Object.fromEntries(names.map((name) => [name, merge(figures[name])])));
}
