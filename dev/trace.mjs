// `npm run trace < trace.txt`: a panic's trace with the names of its functions, which the deployed Wasm does not have.

import { existsSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { inRoot } from "./tooling/paths.mjs";
import { Failure, runMain, say } from "./tooling/say.mjs";
import { named, namesOf } from "./tooling/wasm-names.mjs";

await runMain(async () => {
  const symbols = inRoot("build", "symbols", "index_bg.wasm");
  if (!existsSync(symbols)) throw new Failure("There are no names: check out the version that panicked and run `npm run build`");
  say(named(await text(process.stdin), namesOf(readFileSync(symbols))));
});
