// `--simulator`: the tenant that `npm start` simulates, in place of the one in the environment.

import { dialectOf, keptVars, simulatorUpstream } from "../tooling/local-config.mjs";
import { readRunFile } from "../tooling/run-file.mjs";
import { Failure } from "../tooling/say.mjs";

/**
 * The environment for the simulator that runs. Of .dev.vars only the dialect counts, which the simulator speaks too: an address
 * there may be a real tenant's, and a key as well.
 * @param {import("../tooling/run-file.mjs").Running} [running]
 * @returns {Record<string, string>}
 */
export function simulatorEnvironment(running = readRunFile(), vars = keptVars()) {
  if (!running) throw new Failure("No simulator runs in this checkout", { hint: "Start it with npm start, then ask again." });
  const dialect = vars.THREEDEYE_BASE_URL ? dialectOf(vars) : null;
  return { ...simulatorUpstream(running.simulator), ...(dialect && { THREEDEYE_DIALECT: JSON.stringify(dialect) }) };
}
