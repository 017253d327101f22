/** The database for the tests themselves: takes statements as JSON, runs them as one batch, and answers what D1 answered. */

export default {
  /** @param {Request} request @param {{DB: D1Database}} bindings */
  async fetch(request, { DB }) {
    const statements = /** @type {{sql: string, values: unknown[]}[]} */ (await request.json());
    try {
      return Response.json(await DB.batch(statements.map(({ sql, values }) => DB.prepare(sql).bind(...values))));
    } catch (error) {
      return new Response(/** @type {Error} */ (error).message, { status: 500 });
    }
  },
};
