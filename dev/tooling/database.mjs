// The local D1: its schema and its demo users.

import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";
import { say, step } from "./say.mjs";
import { STATE, wrangler, wranglerEnv } from "./wrangler.mjs";

/** @typedef {{uuid: string, email: string | null, phone: string | null, createdAt: string, authSubject: string | null}} DemoUser */

/**
 * @typedef {object} Demo
 * @property {DemoUser[]} users
 * @property {string[]} first the e-mails of users whom the first run takes up
 * @property {string[]} operators the e-mails of those who may use the console, each named after its role
 */

/**
 * Brings the schema up to date, adds operators if there are none, and demo users if there are no users at all.
 * @param {Demo} demo
 * @returns {Promise<boolean>} whether users were added
 */
export async function prepareDatabase(demo) {
  let state = await withDatabase(schemaState);
  if (state === "foreign") {
    say(`  The local database has the schema of another version. It is set aside as ${setAside(STATE)}, and a new one is made.`);
    state = "behind";
  }
  if (state === "behind") {
    await step("applying the migrations to the local D1", async (progress) => {
      await wrangler(["d1", "migrations", "apply", "DB", "--local", "--persist-to", STATE], { log: "migrations", progress });
    });
  }
  return withDatabase(async (db) => {
    await seedOperators(db, demo.operators);
    return seed(db, demo);
  });
}

/**
 * Moves local data out of the way; it is demo data, but it may have been worked on.
 * @param {string} folder
 * @returns {string} where it is now
 */
export function setAside(folder) {
  let number = 1;
  while (existsSync(`${folder}.old-${number}`)) number += 1;
  renameSync(folder, `${folder}.old-${number}`);
  return `${folder}.old-${number}`;
}

/**
 * How a database stands to the migrations there are: `foreign` if it knows others, so that none of these fit it.
 * @param {string[]} files
 * @param {string[]} applied
 * @returns {"current" | "behind" | "foreign"}
 */
export function compareSchemas(files, applied) {
  if (applied.some((name) => !files.includes(name))) return "foreign";
  return files.every((name) => applied.includes(name)) ? "current" : "behind";
}

// Asking costs a second, wrangler's own look several.
/** @param {any} db */
async function schemaState(db) {
  const files = readdirSync(inRoot("migrations")).filter((name) => name.endsWith(".sql"));
  const { results: tables } = await db.prepare("SELECT name FROM sqlite_master WHERE name = 'd1_migrations'").all();
  if (tables.length === 0) return "behind";
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all();
  return compareSchemas(
    files,
    results.map((/** @type {{name: string}} */ row) => row.name),
  );
}

/** @param {any} db @param {string[]} emails */
async function seedOperators(db, emails) {
  if (await db.prepare("SELECT 1 FROM operators LIMIT 1").first()) return;
  const insert = db.prepare(
    "INSERT INTO operators (id, email_key, role, created_at, created_by) VALUES (?1, ?2, ?3, ?4, 'npm start')",
  );
  const rows = emails.map((email, index) =>
    insert.bind(`op_${String(index + 1).padStart(26, "0")}`, email, email.split("@")[0], Date.now()),
  );
  await db.batch(rows);
}

/** @param {any} db @param {Demo} demo @returns {Promise<boolean>} */
async function seed(db, { users, first }) {
  if (users.length === 0 || (await db.prepare("SELECT 1 FROM users LIMIT 1").first())) return false;
  const insert = db.prepare(
    "INSERT INTO users (uuid, email, phone_number, created_at, auth_subject) VALUES (?1, ?2, ?3, ?4, ?5)",
  );
  const early = db.prepare(
    "UPDATE provisioning_queue SET due_at = 0 WHERE user_id IN (SELECT uuid FROM users WHERE email IN (SELECT value FROM json_each(?1)))",
  );
  await db.batch([
    ...users.map((user) => insert.bind(user.uuid, user.email, user.phone, user.createdAt, user.authSubject)),
    early.bind(JSON.stringify(first)),
  ]);
  return true;
}

/**
 * Opens the database that `wrangler dev` will use; not while it runs.
 * @template T
 * @param {(db: any) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withDatabase(work) {
  Object.assign(process.env, wranglerEnv());
  const { getPlatformProxy } = await import("wrangler");
  const proxy = await getPlatformProxy({
    configPath: inRoot("wrangler.toml"),
    envFiles: [],
    persist: { path: join(STATE, "v3") },
  });
  try {
    return await work(proxy.env.DB);
  } finally {
    await proxy.dispose();
  }
}
