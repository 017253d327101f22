// Runs in workerd: one request, one batch.

export default {
  async fetch(request, { DB }) {
    const statements = await request.json();
    try {
      const answers = await DB.batch(statements.map(([sql, args]) => DB.prepare(sql).bind(...args)));
      return Response.json(answers.map(({ results }) => results));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
