// The whole measurement, from the first request to the last figure.

import { say } from "../tooling/say.mjs";
import { measure } from "./measure.mjs";
import { LATENCY_MS, scenarios } from "./scenarios.mjs";
import { promises, ratioToIdeal, size, startUp, table } from "./show.mjs";
import { sizes } from "./sizes.mjs";
import { measureStartUp } from "./startup.mjs";
import { World } from "./world.mjs";

/** Until V8 has compiled what is used often. */
const WARM_UP = 100;

const EXPLANATION = `
Requests one after the other, to the built Worker behind instruments that count. Counts are exact, and a broken promise
ends this with exit code 1. Times are noisy on a busy machine: medians are shown, and nothing depends on them. CPU is that
of the whole workerd process, per request: the Worker, D1's SQLite and the plumbing between them.
`;

/** @returns {Promise<number>} how many promises are broken */
export async function bench() {
  const measured = await measureAll();
  const slow = measured.find(({ latencyMs }) => latencyMs === LATENCY_MS);
  say(EXPLANATION);
  say(table(measured));
  say(`\n${promises(measured)}\n`);
  if (slow) say(ratioToIdeal(slow.figures));
  say(size(sizes()));
  say(startUp(await measureStartUp()));
  return measured.flatMap(({ checks }) => checks).filter(({ kept }) => !kept).length;
}

async function measureAll() {
  const world = await World.create();
  try {
    const measured = [];
    for (const { name, request, times, latencyMs, promises } of await scenarios(world)) {
      // A backfill uses its users up: it has none to warm up with.
      if (times > WARM_UP) await measure(world, request, WARM_UP);
      await world.simulator.ask("configure", { latencyMs });
      const figures = await measure(world, request, times);
      measured.push({ name, latencyMs, figures, checks: promises(figures) });
    }
    return measured;
  } finally {
    await world.close();
  }
}
