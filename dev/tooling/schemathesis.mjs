// Lets Schemathesis call the built Worker with what openapi.json describes, and more: values at the edges of every schema and
// just beyond, missing and unknown fields, wrong methods, and sequences along the document's links. It checks that every answer
// is described, and that what the document allows or forbids is what the service allows or forbids.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { serviceForTool } from "../../tests/support/service.mjs";
import { findPython, installPackages } from "./old-python.mjs";
import { DEV, inRoot } from "./paths.mjs";
import { attempt } from "./run.mjs";

const INSTALL = '"$PYTHON" -m pip install --quiet schemathesis==4.32.5';
const PYTHONS = ["3.13", "3.12", "3.11", "3.10"];
const START = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())";

/** The user of the document's examples. */
const USER = "00000000-0000-4000-8000-000000000001";
const INSTANCE = "rivia";

/**
 * @param {{cases: number, more?: string[], progress: {latest: string}}} order cases an operation at most, and further arguments
 * @returns {Promise<{skipped: string} | import("./run.mjs").Outcome>}
 */
export async function runSchemathesis({ cases, more = [], progress }) {
  const python = await findPython(PYTHONS);
  if (!python) return { skipped: `there is no Python of ${PYTHONS.join(", ")} with pip (say PYTHON=… where it is elsewhere)` };
  const packages = await installPackages(python, INSTALL, progress);
  const { service, stop } = await serviceForTool();
  try {
    const home = join(DEV, "schemathesis");
    mkdirSync(home, { recursive: true });
    const options = ["--url", service.url, "--max-examples", String(cases), "--seed", "1", ...more];
    return await attempt(
      python.command,
      ["-c", START, "--config-file", inRoot("dev", "schemathesis.toml"), "run", inRoot("openapi.json"), ...options],
      {
        cwd: home,
        log: "schemathesis",
        env: { ...process.env, ...(await credentials(service)), PYTHONPATH: packages, PYTHONUTF8: "1", NO_COLOR: "1" },
        progress,
      },
    );
  } finally {
    await stop();
  }
}

/**
 * What the document's examples name, and callers of every kind.
 * @param {import("../../tests/support/service.mjs").Service} service
 * @returns {Promise<Record<string, string>>}
 */
async function credentials(service) {
  await service.addUser({ id: USER });
  const make = async (/** @type {string} */ path, /** @type {object} */ json) =>
    (await service.admin("POST", path, { json })).json;
  await make("/admin/instances", { name: INSTANCE });
  const label = "of this test";
  const { accountKey } = await make("/admin/account-keys", { instance: INSTANCE, role: "full", label });
  const { apiKey } = await make(`/admin/instances/${INSTANCE}/api-keys`, { label });
  const users = `/admin/instances/${INSTANCE}/users`;
  const { userKey } = await make(users, { username: "keeps its key" });
  await make(users, { username: "in the paths" });
  await service.sql("UPDATE instance_users SET id = 9 WHERE username = 'in the paths'");
  // It takes ids out of lists, and would revoke and delete what it needs itself.
  for (const [name, when] of [
    ["keep_keys", `UPDATE ON instance_keys WHEN old.label = '${label}'`],
    ["keep_key", "UPDATE ON instance_users WHEN old.username = 'keeps its key'"],
    ["keep_users", "DELETE ON instance_users WHEN old.username IN ('keeps its key', 'in the paths')"],
  ])
    await service.sql(`CREATE TRIGGER ${name} BEFORE ${when} BEGIN SELECT raise(ignore); END`);
  const pair = service.adminPair();
  return {
    ADMIN_KEY: pair["x-admin-api-key"],
    ADMIN_TOKEN: pair.authorization.replace("Bearer ", ""),
    PERSON_TOKEN: service.mint({
      expiresInSeconds: 3600,
      claims: { sub: USER, is_staff: true, auth_time: Math.floor(Date.now() / 1000) },
    }),
    ACCOUNT_KEY: accountKey,
    INSTANCE_KEY: apiKey,
    USER_KEY: userKey,
  };
}
