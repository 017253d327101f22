// A real D1 for the native tests: takes batches of statements as JSON, answers
// their rows. Every migration is applied, with one difference: the clock that
// the triggers read is a table, so that a test can turn it.

import { readdirSync, readFileSync } from "node:fs";
import { Miniflare, convertV4MiniflareOptions as optionsOf } from "miniflare";
import { inRoot } from "../tooling/paths.mjs";
import { wranglerEnv } from "../tooling/wrangler.mjs";
import { tether } from "./tether.mjs";

// Before wrangler is loaded: it stays offline.
Object.assign(process.env, wranglerEnv());
const { unstable_readConfig: readConfig, unstable_splitSqlQuery: splitSql } = await import("wrangler");

const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = readConfig({
  config: inRoot("wrangler.toml"),
});

/** The only ambient time that the migrations read, in whole seconds. */
const AMBIENT = /unixepoch\(\)/g;
const TURNED = "(SELECT seconds FROM conformance_clock)";

/** The ways to the time that the one above does not cover. */
const OTHER_AMBIENT = /'now'|unixepoch\((?!\))|julianday\(\)|strftime\(|current_(time|date)/i;

function schema() {
  const dir = inRoot("migrations");
  const sql = readdirSync(dir)
    .sort()
    .map((file) => readFileSync(`${dir}/${file}`, "utf8"))
    .join("\n");
  const unread = splitSql(sql).find((statement) => OTHER_AMBIENT.test(statement));
  if (unread) throw new Error(`a migration reads a clock that the tests cannot turn:\n${unread}`);
  const clock = ["CREATE TABLE conformance_clock (seconds INTEGER NOT NULL)", "INSERT INTO conformance_clock VALUES (0)"];
  return [...clock, ...splitSql(sql.replace(AMBIENT, TURNED))];
}

const miniflare = new Miniflare(
  optionsOf({
    port: 0,
    cf: false,
    workers: [
      {
        name: "bridge",
        modules: ["dev/conformance/bridge.js", "src/platform/d1.js"].map((path) => ({
          type: "ESModule",
          path: inRoot(path),
        })),
        modulesRoot: inRoot(),
        compatibilityDate,
        compatibilityFlags,
        d1Databases: { DB: "conformance" },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      },
    ],
  }),
);
await miniflare.ready;
const db = await miniflare.getD1Database("DB", "bridge");
await db.batch(schema().map((sql) => db.prepare(sql)));
tether((await miniflare.unsafeGetDirectURL("bridge")).origin, () => miniflare.dispose());
