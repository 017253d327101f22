// The simulator of 3dEye for the native tests.

import { startSimulator } from "../simulator/server.mjs";
import { tether } from "./tether.mjs";

const simulator = await startSimulator();
tether(simulator.url, () => simulator.close());
