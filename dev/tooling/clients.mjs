// Published clients that are run unmodified. They are old and have known
// advisories, so they are packages of their own, beside the tests.

import { inRoot } from "./paths.mjs";
import { run } from "./run.mjs";

/** Programs that import one of them run here. */
export const CLIENTS = inRoot("tests", "clients");

/** @param {{latest: string}} progress */
export async function installClients(progress) {
  await run(process.execPath, [inRoot("dev", "install.mjs"), CLIENTS], { log: "npm-ci-clients", progress });
}
