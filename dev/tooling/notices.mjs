// The receiver of the Worker's account notices and alerts: checks their signature and
// writes them down, so that a verification code can be read from there.

import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { createHttpServer } from "./http-server.mjs";
import { logFile, ROOT } from "./paths.mjs";
import { say } from "./say.mjs";

const MAX_BYTES = 64 * 1024;

/**
 * @param {number} port
 * @returns {Promise<{expect: (secret: string) => void}>} to be told the secret the deliveries are signed with
 */
export async function receiveNotices(port) {
  const log = logFile("notices");
  writeFileSync(log, "");
  let secret = "";
  const server = createHttpServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) {
      body += chunk;
      if (body.length > MAX_BYTES) return response.writeHead(413).end();
    }
    const genuine = isSigned(body, String(request.headers["x-signature"] ?? ""), secret);
    appendFileSync(log, `${new Date().toISOString()} ${genuine ? "" : "BAD SIGNATURE "}${body}\n`);
    const what = body.includes('"type":"alert"') ? "an alert" : "a notice";
    say(`  ✉ ${what}${genuine ? "" : " with a BAD SIGNATURE"} arrived: ${relative(ROOT, log)}`);
    response.writeHead(genuine ? 204 : 401).end();
  });
  await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  server.unref();
  return { expect: (value) => (secret = value) };
}

/** @param {string} body @param {string} header `t=<unix seconds>,v1=<hex>` @param {string} secret */
function isSigned(body, header, secret) {
  const [, time, signature] = header.match(/^t=(\d+),v1=([0-9a-f]{64})$/) ?? [];
  if (!time || !signature) return false;
  const wanted = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  return timingSafeEqual(wanted, Buffer.from(signature, "hex"));
}
