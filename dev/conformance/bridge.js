// Runs in workerd: one request, one batch, by way of the very lines that the Worker runs.

import { batch } from "../../src/platform/d1.js";

export default {
  async fetch(request, { DB }) {
    try {
      return new Response(await batch(DB, await request.text()));
    } catch (reason) {
      return new Response(reason, { status: 500 });
    }
  },
};
