// Finding a port that nobody uses.

import { connect, createServer } from "node:net";
import { Failure, say } from "./say.mjs";

const HOST = "127.0.0.1";
const TRIES = 50;

/**
 * @param {number} wanted
 * @param {string} purpose for the message when it is taken
 * @returns {Promise<number>} the wanted one or the next free one
 */
export async function freePort(wanted, purpose) {
  for (let port = wanted; port < wanted + TRIES && port <= 65_535; port++) {
    if (!(await isFree(port))) continue;
    if (port !== wanted) say(`  Port ${wanted} is busy: ${purpose} uses ${port} instead.`);
    return port;
  }
  throw new Failure(`Ports ${wanted} to ${wanted + TRIES - 1} are all busy`, { hint: "Choose another with --port." });
}

/** @param {number} port */
async function isFree(port) {
  return (await canListen(port)) && !(await answers(port));
}

/** @param {number} port @returns {Promise<boolean>} */
function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

// On some systems a port can be listened on though another process has it on all addresses.
/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
