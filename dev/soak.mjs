// `npm run soak`: plays schedules of the simulations by turns, with everything
// going wrong that can, until one breaks a promise or you end it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { ensureToolchain } from "./setup.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { Failure, runMain, say } from "./tooling/say.mjs";

const HELP = `npm run soak [-- --seed N] [--schedules N] | [-- --tell SEED]

  --simulation NAME   provisioning, or service: accounts, notices and user keys; without it both

  --seed N            begin with the schedule of this seed; without it where the tests end
  --schedules N       end after so many; without it go on until a promise breaks
  --tell SEED         play this one and tell everything that happens in it
`;

async function main() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      schedules: { type: "string" },
      tell: { type: "string" },
      simulation: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return say(HELP);
  const { simulation, ...numbers } = values;
  for (const [name, value] of Object.entries(numbers)) {
    if (!/^[0-9]+$/.test(String(value))) throw new Failure(`--${name} takes a number\n\n${HELP}`);
  }
  const { nativeEnv } = await ensureToolchain();
  const env = {
    ...nativeEnv,
    SPKEY_SEED: values.tell ?? values.seed,
    SPKEY_SCHEDULES: values.schedules,
    SPKEY_SIMULATION: simulation,
  };
  const test = `testing::simulation::soak::${values.tell ? "tell" : "play_until_a_promise_breaks"}`;
  const args = ["test", "--locked", "--lib", "--", "--exact", test, "--include-ignored", "--nocapture"];
  const cargo = spawn("cargo", args, { env, stdio: ["ignore", "inherit", "inherit"] });
  whenParentIsGone(() => cargo.kill());
  const [code] = await once(cargo, "exit");
  if (code !== 0) throw new Failure("A promise is broken: the schedule above, shrunk, shows how");
}

await runMain(main);
