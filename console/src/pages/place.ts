// The pages for running the place: a file of their own, as most visits need none of them.

export { Audit } from "./audit/Audit";
export { Dashboards } from "./Dashboards";
export { Instance } from "./instances/Instance";
export { Instances } from "./instances/Instances";
export { AccountKeys } from "./keys/AccountKeys";
export { ApiKeys } from "./keys/ApiKeys";
export { Notices } from "./notices/Notices";
export { MySessions } from "./operators/MySessions";
export { Operator } from "./operators/Operator";
export { Operators } from "./operators/Operators";
export { Run } from "./runs/Run";
export { Runs } from "./runs/Runs";
export { System } from "./system/System";
export { BulkDialog } from "./users/BulkDialog";
