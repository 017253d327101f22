// `npm run bench -- --sure`: each ratio until it is known well enough, from fresh processes that alternate.

import { Failure, say, step } from "../dev/tooling/say.mjs";
import { cpuMs } from "./cpu.mjs";
import { measure } from "./measure.mjs";
import { askedOf, compareAnswers, NAMED, worldOf } from "./rivals.mjs";
import { BACKFILLS, prepare, runBackfills, WARM_UP, youthOf } from "./rows.mjs";
import { untilSure } from "./sequence.mjs";
import * as show from "./show.mjs";

/** @typedef {import("./rivals.mjs").Rival} Rival */
/** @typedef {import("./world.mjs").Surroundings} Surroundings */
/** @typedef {import("./world.mjs").World} World */

/**
 * @typedef {object} Comparison
 * @property {import("./options.mjs").Id} id
 * @property {string} name
 * @property {Rival} rival
 * @property {(world: World, which: Rival | "ours") => Promise<import("./sequence.mjs").Costs>} cost in a fresh process
 */

/** What differs from process to process is more than what more requests would tell. */
const LOADS = [
  { concurrency: 1, times: 250 },
  { concurrency: 16, times: 1000 },
];

/**
 * @param {Surroundings} surroundings
 * @param {import("./sequence.mjs").Goal & {ids?: import("./options.mjs").Id[] | undefined}} goal `ids` of the rows that are wanted; all without
 */
export async function benchSurely(surroundings, { ids, ...goal }) {
  if (!cpuMs(process.pid)) throw new Failure("CPU is counted in /proc, which only Linux has");
  const { comparisons, given } = await prepared(surroundings);
  const wanted = comparisons.filter(({ id }) => !ids || ids.includes(id));
  const verdicts = /** @type {({id: string, name: string} & import("./sequence.mjs").Verdict)[]} */ ([]);
  for (const { id, name, rival, cost } of wanted) {
    const fresh = (/** @type {Rival | "ours"} */ which) => async () => {
      const world = await worldOf(which, surroundings);
      try {
        if (which !== "floor") await world.give(given);
        return await cost(world, which);
      } finally {
        await world.close();
      }
    };
    await step(`${id}: ${name}`, async (progress) => {
      const tell = (/** @type {import("./sequence.mjs").Verdict[]} */ all) => {
        progress.latest = all.map(show.verdict).join("; ");
      };
      const found = await untilSure({ ours: fresh("ours"), other: fresh(rival) }, goal, { tell });
      verdicts.push(...found.map((verdict) => ({ id, name, ...verdict })));
      say(`    ${progress.latest}`);
    });
  }
  say(`\n${show.verdicts(verdicts, goal.width)}`);
}

/** All comparisons there are, and the rows that each process gets. @param {Surroundings} surroundings */
async function prepared(surroundings) {
  const ours = await worldOf("ours", surroundings);
  try {
    const rows = await prepare(ours);
    const given = await ours.rows();
    for (const name of /** @type {const} */ (["twin", "cachingTwin"])) {
      const other = await worldOf(name, surroundings);
      await other.give(given);
      const shared = rows.filter(({ against }) => against.includes(name)).map(({ name, request }) => ({ name, ...request }));
      await compareAnswers(ours, other, shared).finally(() => other.close());
    }
    const putBack = await surroundings.remember();
    const youth = youthOf(rows);
    /** @type {Comparison[]} */
    const comparisons = [
      {
        ...youth,
        rival: "twin",
        cost: async (world) => new Map([[String(youth.concurrency), perRequest(await measure(world, youth.request, youth))]]),
      },
      ...rows.flatMap(({ id, name, request, against }) =>
        against.map((rival) => ({
          id,
          name: NAMED[rival](name),
          rival,
          cost: (/** @type {World} */ world, /** @type {Rival | "ours"} */ which) => underLoads(world, askedOf(which, request)),
        })),
      ),
      ...BACKFILLS.map((each) => ({
        ...each,
        rival: /** @type {const} */ ("twin"),
        cost: async (/** @type {World} */ world) => new Map([["1", perRequest(await runBackfills(world, each, putBack))]]),
      })),
    ];
    return { comparisons, given };
  } finally {
    await ours.close();
  }
}

/** @param {World} world @param {import("./world.mjs").Request} request */
async function underLoads(world, request) {
  await measure(world, request, WARM_UP);
  const costs = new Map();
  for (const load of LOADS) costs.set(String(load.concurrency), perRequest(await measure(world, request, load)));
  return costs;
}

/** @param {import("./measure.mjs").Figures} figures */
const perRequest = ({ cpu, times }) => cpu / times;
