// `npm run examples`: the first request of README.md and the main examples of
// docs/API.md, word for word, against what `npm start` has running.

import { parseArgs } from "node:util";
import { tryAccount } from "./examples/account.mjs";
import { tryFirstRequest } from "./examples/first-request.mjs";
import { tryUserKeys } from "./examples/user-keys.mjs";
import { readDemoInstance } from "./tooling/demo-instance.mjs";
import { readRunFile } from "./tooling/run-file.mjs";
import { Failure, runMain, say } from "./tooling/say.mjs";

const HELP = `npm run examples [-- --all]

  --all    an example that cannot be run here counts as failed; without it that is only said
  --help   this text

The Python example takes the first Python that can run it: $PYTHON, those on the path, those of pyenv.
`;

async function main() {
  const { values } = parseArgs({ options: { all: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return say(HELP);
  const running = readRunFile();
  if (!running) throw new Failure("Nothing runs in this checkout", { hint: "Start it with npm start, then try again." });
  const instance = readDemoInstance();
  if (!instance) throw new Failure("There is no demo instance", { hint: "The output of npm start tells why." });
  await tryFirstRequest(running);
  await tryUserKeys({ worker: running.worker, instance }, values.all ?? false);
  await tryAccount(running);
}

await runMain(main);
