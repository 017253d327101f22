// The simulator of 3dEye on a thread of its own: its work must not delay the
// clock that times the Worker. Imported it starts the thread, and is its program.

import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { startSimulator } from "../dev/simulator/server.mjs";

/**
 * @typedef {object} Simulator
 * @property {string} url
 * @property {(control: keyof import("../dev/simulator/control.mjs").Control, ...args: any[]) => Promise<any>} ask one question at a time
 * @property {() => Promise<unknown>} close
 */

/** @returns {Promise<Simulator>} */
export async function startSimulatorThread() {
  const thread = new Worker(new URL(import.meta.url));
  const answer = async () => (await once(thread, "message"))[0];
  const url = await answer();
  return {
    url,
    ask: (...question) => {
      thread.postMessage(question);
      return answer();
    },
    close: () => thread.terminate(),
  };
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const { url, control } = await startSimulator();
  port.on("message", ([name, ...args]) => port.postMessage(/** @type {any} */ (control)[name](...args)));
  port.postMessage(url);
}
