// One file for the browser: what the service does and has done.

export { Audit } from "./audit/Audit";
export { Notices } from "./notices/Notices";
export { Run } from "./runs/Run";
export { Runs } from "./runs/Runs";
