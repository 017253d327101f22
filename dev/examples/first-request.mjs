// The first request of README.md, word for word.

import { EXAMPLES } from "../seed.mjs";
import { Failure, step } from "../tooling/say.mjs";
import { output, README, readBlocks } from "./blocks.mjs";
import { supportAccess } from "./support.mjs";

const CHAPTER = "## A first request";
const TOKEN_LIFETIME_S = 600;

/** @param {import("../tooling/run-file.mjs").Running} running */
export async function tryFirstRequest(running) {
  const only = readBlocks(README, CHAPTER);
  const { worker, adminKey, adminToken } = await supportAccess(running, TOKEN_LIFETIME_S);
  const env = { ...process.env, BASE: worker, KEY: adminKey, JWT: adminToken };
  await step("a first request: curl", async () => {
    const printed = await output("sh", ["-c", only("sh", "/admin/threedeye/users/")], env);
    if (JSON.parse(printed).user?.email !== EXAMPLES.stuck.email)
      throw new Failure("It did not print the user", { tail: printed });
  });
}
