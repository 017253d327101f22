// A request's head, its body and an answer, each in one call across the border of Wasm.

/**
 * The head of a request: method, URL, whether it has a body, and a line `name:value` for each of the headers wanted. No
 * header may hold a line break, nor may a method or a URL.
 * @param {Request} request @param {string[]} names
 */
export function head(request, names) {
  const { headers } = request;
  const lines = [request.method, request.url, request.body === null ? "" : "body"];
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) lines.push(`${name}:${value}`);
  }
  return lines.join("\n");
}

/**
 * Reads a body to its end, or until more than `maxRead` bytes came.
 * @param {Request} request @param {number} maxKept @param {number} maxRead
 * @returns {Promise<Uint8Array | null>} null: it is longer than `maxKept`
 */
export async function readBody(request, maxKept, maxRead) {
  const chunks = [];
  let length = 0;
  for await (const chunk of /** @type {ReadableStream<Uint8Array>} */ (request.body)) {
    length += chunk.length;
    if (length > maxRead) return null;
    if (length <= maxKept) chunks.push(chunk);
  }
  if (length > maxKept) return null;
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(length);
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.length;
  }
  return whole;
}

/**
 * @param {number} status
 * @param {string} headers an object as JSON: a list of pairs would take the runtime three times as long. Cookies, which must
 *   not be joined, are a line each
 * @param {Uint8Array} body part of Wasm's memory, which may move or change once this has returned
 */
export function answer(status, headers, body) {
  const { "set-cookie": cookies, ...others } = JSON.parse(headers);
  const response = new Response(body.length === 0 ? null : body.slice(), { status, headers: others });
  for (const cookie of cookies?.split("\n") ?? []) response.headers.append("set-cookie", cookie);
  return response;
}
