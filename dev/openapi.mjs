// `npm run openapi`: writes openapi.json anew, from the routes, the types and what each endpoint says of itself, and the
// console's types from that.

import { ensureToolchain } from "./setup.mjs";
import { writeConsoleTypes } from "./tooling/console-types.mjs";
import { compilerErrors, run } from "./tooling/run.mjs";
import { runMain, step } from "./tooling/say.mjs";

async function main() {
  const { nativeEnv } = await ensureToolchain();
  await step("writing openapi.json", (progress) =>
    run("cargo", ["test", "--lib", "--locked", "openapi::"], {
      log: "openapi",
      env: { ...nativeEnv, CARGO_TERM_COLOR: "never", SPKEY_WRITE_OPENAPI: "1" },
      progress,
      excerpt: compilerErrors,
    }),
  );
  await step("writing console/src/api.d.ts", writeConsoleTypes);
}

await runMain(main);
