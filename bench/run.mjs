// The whole measurement, from the first request to the last figure.

import { say } from "../dev/tooling/say.mjs";
import { billOf } from "./bill.mjs";
import { contest, plumbing } from "./contest.mjs";
import { countAll, countTwin } from "./counts.mjs";
import { PRICES_OF } from "./prices.mjs";
import * as show from "./show.mjs";
import { sizeOf } from "./sizes.mjs";
import { measureStartUp } from "./startup.mjs";
import { OURS, twin } from "./workers.mjs";

const COUNTS = `
What our Worker asks of D1 and of 3dEye, seen by instruments in front of it. Counts are exact, and a broken promise ends
this with exit code 1.
`;
const TIMES = `
Our Worker and the twin (bench/README.md), in turn; what the twin has not, beside an empty Worker with one D1 query. CPU is
that of the whole workerd process: the Worker, D1's SQLite and the plumbing between them. Times are noisy on a busy machine;
nothing depends on them.
`;
const BILL = `
By ${PRICES_OF}. "Together" is what it adds to a bill; beside it, what is billed where the account does nothing
else in that month. CPU is that of the table above, so somewhat too much: only the Worker's part is billed.
`;

/**
 * @param {import("./world.mjs").Surroundings} surroundings
 * @param {import("./options.mjs").Id[]} [rows] the only rows that are wanted
 * @returns {Promise<number>} how many promises are broken
 */
export async function bench(surroundings, rows) {
  if (rows) {
    say(TIMES);
    showContest(await contest(surroundings, rows));
    return 0;
  }
  const counted = await countAll(surroundings);
  say(COUNTS);
  const withTwin = [...counted, await countTwin(surroundings)];
  say(show.counts(withTwin));
  say(`\n${show.promises(counted)}`);
  say(TIMES);
  const measured = await contest(surroundings);
  showContest(measured);
  say(BILL);
  say(show.bill(billOf(withTwin, measured)));
  say(`\n${show.floors(await plumbing(surroundings))}`);
  say(`\n${show.startUp(await measureStartUp())}`);
  say(`\n${show.sizes({ ours: sizeOf(OURS), twin: sizeOf(await twin()) })}`);
  return counted.flatMap(({ checks }) => checks).filter(({ kept }) => !kept).length;
}

/** @param {Awaited<ReturnType<typeof contest>>} contest */
function showContest({ duels, backfills }) {
  if (duels.length > 0) say(show.duels(duels));
  if (backfills.length > 0) say(`\n${show.backfills(backfills)}`);
}
