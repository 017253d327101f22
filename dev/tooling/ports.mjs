// Finding a free port.

import getPort, { portNumbers } from "get-port";
import { say } from "./say.mjs";

const TRIES = 50;

/**
 * @param {number} wanted
 * @param {string} purpose for the message when it is taken
 * @returns {Promise<number>} the wanted one or the next free one
 */
export async function freePort(wanted, purpose) {
  const port = await getPort({ port: portNumbers(wanted, Math.min(wanted + TRIES - 1, 65_535)) });
  if (port !== wanted) say(`  Port ${wanted} is busy: ${purpose} uses ${port} instead.`);
  return port;
}
