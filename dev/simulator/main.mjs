#!/usr/bin/env node
/** Runs the simulator as a process of its own: `node dev/simulator/main.mjs --port 8790 [--host 127.0.0.1] [--state FILE]`. */

import { parseArgs } from "node:util";

import { startSimulator } from "./server.mjs";

const USAGE = "usage: node dev/simulator/main.mjs --port PORT [--host 127.0.0.1] [--state FILE]";

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function leave(message, code) {
  console.error(message);
  process.exit(code);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8790" },
        host: { type: "string", default: "127.0.0.1" },
        state: { type: "string" },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
    if (!(port <= 65535)) throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
    return { port, host: values.host, stateFile: values.state };
  } catch (error) {
    return leave(`${/** @type {Error} */ (error).message}\n${USAGE}`, 2);
  }
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {{port: number, host: string}} options
 */
function explain(error, { port, host }) {
  if (error.code === "EADDRINUSE")
    return `Port ${port} on ${host} is busy: stop the process that uses it, or choose another --port.`;
  if (error.code === "EACCES" && error.syscall === "listen")
    return `Port ${port} on ${host} needs rights that this user has not.`;
  return `The simulator can't start: ${error.message}`;
}

const options = readOptions();
try {
  const simulator = await startSimulator(options);
  console.log(`3dEye simulator listening on ${simulator.url} (API ${simulator.url}/v3, controls ${simulator.url}/__sim)`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () =>
      simulator.close().catch((error) => leave(`The simulator's state is not saved: ${error.message}`, 1)),
    );
  }
} catch (error) {
  leave(explain(/** @type {NodeJS.ErrnoException} */ (error), options), 1);
}
