/** A receiver of notices on loopback, which can also refuse them, be slow, or be gone. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { after, beforeEach } from "node:test";

import { createHttpServer } from "../../dev/tooling/http-server.mjs";
import { until } from "./until.mjs";

/**
 * @typedef {object} Notice
 * @property {string} id
 * @property {string} type
 * @property {string} userId
 * @property {string | null} to
 * @property {string} createdAt
 * @property {{token?: string}} data
 *
 * @typedef {object} Delivery
 * @property {Notice} notice
 * @property {boolean} genuine whether the signature is ours and of this body
 * @property {number} signedAt in seconds
 * @property {string} method
 * @property {string} contentType
 * @property {string} userAgent
 */

/** Starts a receiver for this test file, which forgets everything before every test. */
export async function receiverForThisFile() {
  const receiver = await Receiver.start();
  beforeEach(() => receiver.clear());
  after(() => receiver.goes());
  return receiver;
}

export class Receiver {
  secret = randomBytes(24).toString("hex");
  /** Everything that came, taken or not. @type {Delivery[]} */
  deliveries = [];
  #server = createHttpServer((request, response) => void this.#receive(request, response));
  #port = 0;
  /** Answers with this status; undefined: never. @type {(notice: Notice) => number | undefined} */
  #status = () => 200;
  #headers = /** @type {Record<string, string>} */ ({});

  static async start() {
    const receiver = new Receiver();
    await receiver.#listen(0);
    receiver.#port = /** @type {import("node:net").AddressInfo} */ (receiver.#server.address()).port;
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/notices?of=spkey`;
  }

  /** Settings of a service that delivers here. */
  get settings() {
    return { vars: { NOTIFY_WEBHOOK_URL: this.url }, secrets: { NOTIFY_WEBHOOK_SECRET: this.secret } };
  }

  /** @param {string} [type] @returns {Notice[]} what came, of one type or of all */
  notices(type) {
    return this.deliveries.map(({ notice }) => notice).filter((notice) => type === undefined || notice.type === type);
  }

  /**
   * Waits until so many came, of one type or of all: they leave right after the answer.
   * @param {number} count @param {string} [type] @returns {Promise<Notice[]>}
   */
  async came(count, type) {
    await until(() => this.notices(type).length >= count, `${count} deliveries of ${type ?? "any type"}`);
    return this.notices(type);
  }

  /** Takes what comes, and forgets what came. */
  clear() {
    this.deliveries = [];
    this.answers(200);
  }

  /**
   * @param {number | undefined | ((notice: Notice) => number)} status undefined: does not answer
   * @param {Record<string, string>} [headers]
   */
  answers(status, headers = {}) {
    this.#status = typeof status === "function" ? status : () => status;
    this.#headers = headers;
  }

  /** Stops listening. */
  async goes() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async returns() {
    await this.#listen(this.#port);
  }

  /** @param {number} port */
  #listen(port) {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => resolve(undefined));
    });
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #receive(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [, time = "", mac = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers["x-signature"])) ?? [];
    const expected = createHmac("sha256", this.secret).update(`${time}.`).update(body).digest();
    const notice = /** @type {Notice} */ (JSON.parse(body.toString("utf8")));
    this.deliveries.push({
      notice,
      genuine: mac !== "" && timingSafeEqual(Buffer.from(mac, "hex"), expected),
      signedAt: Number(time),
      method: String(request.method),
      contentType: String(request.headers["content-type"]),
      userAgent: String(request.headers["user-agent"]),
    });
    const status = this.#status(notice);
    if (status !== undefined) response.writeHead(status, this.#headers).end();
  }
}
