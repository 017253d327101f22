// A reporter for `node --test`: the outcome of every single test, one JSON
// object a line, for node-results.mjs to read.

/**
 * @param {AsyncIterable<import("node:test/reporters").TestEvent>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function* reporter(source) {
  for await (const event of source) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { name, file, nesting, skip, todo, details } = event.data;
    const code = /** @type {{code?: string, failureType?: string} | undefined} */ (details?.error);
    yield `${JSON.stringify({
      type: event.type,
      name,
      file,
      nesting,
      suite: details?.type === "suite",
      skipped: skip !== undefined || todo !== undefined,
      failureType: code?.failureType,
    })}\n`;
  }
}
