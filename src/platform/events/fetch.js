// A request and an answer, each in one call across the border of Wasm.

/**
 * The head of a request: method, URL, and a line `name:value` for each of the headers wanted. No header may hold a line
 * break, nor may a method or a URL.
 * @param {Request} request @param {string[]} names
 */
export function head(request, names) {
  const { headers } = request;
  const lines = [request.method, request.url];
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) lines.push(`${name}:${value}`);
  }
  return lines.join("\n");
}

/**
 * @param {number} status
 * @param {string} headers an object as JSON: a list of pairs would take the runtime three times as long
 * @param {Uint8Array} body part of Wasm's memory, which may move or change once this has returned
 */
export const answer = (status, headers, body) =>
  new Response(body.length === 0 ? null : body.slice(), { status, headers: JSON.parse(headers) });
