/**
 * A local stand-in for the 3dEye API and for the identity provider that signs our users' tokens. It listens and hands each
 * request to the part that answers it.
 */

import { once, setMaxListeners } from "node:events";

import { createHttpServer } from "../tooling/http-server.mjs";
import { AccessTokens } from "./access-tokens.mjs";
import { CallLedger } from "./calls.mjs";
import { defaultConfig } from "./config.mjs";
import { createControl } from "./control.mjs";
import { CONTROL_BASE, serveControl } from "./control-http.mjs";
import { Directory } from "./directory.mjs";
import { exchange, isRecorded } from "./exchange.mjs";
import { FaultRules } from "./faults.mjs";
import { parseTarget, sendAnswer } from "./http.mjs";
import { Issuer } from "./issuer.mjs";
import { AuthorizationCodes } from "./openid.mjs";
import { loadState, StateSaver } from "./state-file.mjs";

/**
 * @typedef {object} Simulation everything that a call can read or change
 * @property {import("./config.mjs").Config} config replaced as a whole by the controls
 * @property {Directory} directory
 * @property {AccessTokens} tokens
 * @property {FaultRules} faults
 * @property {CallLedger} calls
 * @property {Issuer} issuer
 * @property {AuthorizationCodes} codes
 * @property {string} baseUrl where it listens, without a trailing slash
 *
 * @typedef {object} Simulator
 * @property {string} url without a trailing slash
 * @property {number} port
 * @property {import("./control.mjs").Control} control
 * @property {() => Promise<void>} close drops all connections, hanging ones too, and saves the state
 */

/**
 * @param {{port?: number, host?: string, stateFile?: string}} [options] port 0 takes a free one; `stateFile` keeps users,
 *   roles and signing keys across restarts
 * @returns {Promise<Simulator>} once it listens; rejects with the system's error, such as EADDRINUSE
 */
export async function startSimulator({ port = 0, host = "127.0.0.1", stateFile } = {}) {
  const saved = stateFile === undefined ? undefined : await loadState(stateFile);
  const directory = new Directory(() => saver?.changed());
  const issuer = new Issuer(saved?.keys);
  const saver =
    stateFile === undefined
      ? undefined
      : new StateSaver(stateFile, () => ({ directory: directory.snapshot(), keys: issuer.snapshot() }));
  if (saved) directory.restore(saved.directory);

  /** @type {Simulation} */
  const simulation = {
    config: defaultConfig(),
    directory,
    tokens: new AccessTokens(),
    faults: new FaultRules(),
    calls: new CallLedger(),
    issuer,
    codes: new AuthorizationCodes(),
    baseUrl: "",
  };

  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal); // one per delayed call, however many there are
  const server = createHttpServer();
  server.listen(port, host);
  await once(server, "listening");

  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
  simulation.baseUrl = url;
  const control = createControl(simulation, { changed: () => saver?.changed() });

  server.on("request", (incoming, response) => {
    dispatch(simulation, control, incoming, response, lifetime.signal).catch((error) => {
      if (lifetime.signal.aborted) return;
      console.error("The simulator failed to answer:", error);
      response.destroy();
    });
  });
  if (!saved) saver?.changed();

  /** @type {Promise<void> | undefined} */
  let closing;
  const stop = async () => {
    lifetime.abort();
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    await saver?.flush();
  };
  return { url, port: address.port, control, close: () => (closing ??= stop()) };
}

/**
 * @param {Simulation} simulation
 * @param {import("./control.mjs").Control} control
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} response
 * @param {AbortSignal} lifetime
 */
async function dispatch(simulation, control, incoming, response, lifetime) {
  const { path } = parseTarget(incoming);
  if (isRecorded(path)) return exchange(simulation, incoming, response, lifetime);
  if (path.startsWith(`${CONTROL_BASE}/`)) return serveControl(control, path, incoming, response);
  sendAnswer(response, { status: 404, body: { error: "nothing is served here" } });
}
