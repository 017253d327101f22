// The whole measurement, from the first request to the last figure.

import { say } from "../dev/tooling/say.mjs";
import { contest, plumbing } from "./contest.mjs";
import { countAll } from "./counts.mjs";
import * as show from "./show.mjs";
import { sizeOf } from "./sizes.mjs";
import { measureStartUp } from "./startup.mjs";
import { OURS, twin } from "./workers.mjs";
import { Surroundings } from "./world.mjs";

const COUNTS = `
What our Worker asks of D1 and of 3dEye, seen by instruments in front of it. Counts are exact, and a broken promise ends
this with exit code 1.
`;
const TIMES = `
Our Worker and the twin (bench/README.md), in turn. CPU is that of the whole workerd process: the Worker, D1's SQLite and
the plumbing between them. Times are noisy on a busy machine; nothing depends on them.
`;

/** @returns {Promise<number>} how many promises are broken */
export async function bench() {
  const surroundings = await Surroundings.create();
  try {
    const counted = await countAll(surroundings);
    say(COUNTS);
    say(show.counts(counted));
    say(`\n${show.promises(counted)}`);
    say(TIMES);
    const { duels, backfills } = await contest(surroundings);
    say(show.duels(duels));
    say(`\n${show.floors(await plumbing(surroundings))}`);
    say(`\n${show.backfills(backfills)}`);
    say(`\n${show.startUp(await measureStartUp())}`);
    say(`\n${show.sizes({ ours: sizeOf(OURS), twin: sizeOf(await twin()) })}`);
    return counted.flatMap(({ checks }) => checks).filter(({ kept }) => !kept).length;
  } finally {
    await surroundings.simulator.close();
  }
}
