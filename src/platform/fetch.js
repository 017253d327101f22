// One request to another service: built, sent, watched and read on this side of the border of Wasm.

/** @typedef {{url: string, method: string, headers: Record<string, string>, timeoutMs: number, maxBytes: number}} Order */

/** Why there is no answer, as `fetch.rs` knows it. */
const TIMED_OUT = "timed out";
const TOO_LARGE = "too large";
const CONNECTION = "connection";

export class Exchange {
  #controller = new AbortController();
  #timedOut = false;

  /** @param {string} order an `Order` as JSON @param {Uint8Array | undefined} body part of Wasm's memory */
  constructor(order, body) {
    /** The answer's status. */
    this.status = 0;
    /** The answer's `Retry-After`. @type {string | undefined} */
    this.retryAfter = undefined;
    /** The answer's body. Rejects with one of the reasons above. @type {Promise<Uint8Array>} */
    this.body = this.#send(JSON.parse(order), body?.slice());
  }

  /** Frees the connection: six are all that an invocation has. */
  abort() {
    this.#controller.abort();
  }

  /** @param {Order} order @param {Uint8Array | undefined} body */
  async #send({ url, timeoutMs, maxBytes, ...init }, body) {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.abort();
    }, timeoutMs);
    try {
      const response = await fetch(url, { ...init, body, redirect: "manual", signal: this.#controller.signal });
      this.status = response.status;
      this.retryAfter = response.headers.get("retry-after") ?? undefined;
      return await read(response, maxBytes);
    } catch (error) {
      // Whatever of the body is left unread would hold the connection.
      this.abort();
      // The runtime's own errors may quote what was sent: nothing of them crosses the border.
      if (this.#timedOut) throw TIMED_OUT;
      throw error === TOO_LARGE ? TOO_LARGE : CONNECTION;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {Response} response @param {number} maxBytes counted after decompression */
async function read(response, maxBytes) {
  const { headers } = response;
  // HTTP ends a body at the length it announced, but decompression may make more of it, and chunks come without end
  // whatever is announced beside them.
  const isCertain = !headers.has("content-encoding") && !headers.has("transfer-encoding");
  const announced = isCertain ? headers.get("content-length") : null;
  if (announced !== null) {
    if (!(Number(announced) <= maxBytes)) throw TOO_LARGE;
    return new Uint8Array(await response.arrayBuffer());
  }
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw TOO_LARGE;
    chunks.push(chunk);
  }
  return joined(chunks, length);
}

/** @param {Uint8Array[]} chunks @param {number} length of all of them */
function joined(chunks, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
