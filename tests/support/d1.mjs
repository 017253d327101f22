/**
 * D1 as the tests reach it, through `d1-console.js`. The host's own way to it, `getD1Database`, has the whole process wait for
 * each `prepare` and each `bind`.
 */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const CONSOLE = fileURLToPath(new URL("d1-console.js", import.meta.url));

/** A Worker for Miniflare that answers for one database. @param {string} database */
export const consoleOf = async (database) => ({
  name: `console-${database}`,
  modules: [{ type: "ESModule", path: CONSOLE, contents: await readFile(CONSOLE, "utf8") }],
  compatibilityDate: "2026-01-01",
  d1Databases: { DB: database },
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
});

/** The part of D1's interface that the tests use. */
export class Database {
  #url;

  /** @param {string} url of the console */
  constructor(url) {
    this.#url = url;
  }

  /** @param {string} sql */
  prepare(sql) {
    return new Statement(this, sql, []);
  }

  /** @param {Statement[]} statements @returns {Promise<{results: any[], meta: any}[]>} */
  async batch(statements) {
    const body = JSON.stringify(statements.map(({ sql, values }) => ({ sql, values })));
    const answer = await fetch(this.#url, { method: "POST", body });
    if (!answer.ok) throw new Error(await answer.text());
    return /** @type {any} */ (await answer.json());
  }
}

class Statement {
  #database;

  /** @param {Database} database @param {string} sql @param {unknown[]} values */
  constructor(database, sql, values) {
    this.#database = database;
    this.sql = sql;
    this.values = values;
  }

  /** @param {...unknown} values */
  bind(...values) {
    return new Statement(this.#database, this.sql, values);
  }

  async all() {
    const [answer] = await this.#database.batch([this]);
    if (!answer) throw new Error("D1 gave no answer");
    return answer;
  }
}
