// One file for the browser: what is set up now and then.

export { Dashboards } from "./Dashboards";
export { Instance } from "./instances/Instance";
export { Instances } from "./instances/Instances";
export { AccountKeys } from "./keys/AccountKeys";
export { ApiKeys } from "./keys/ApiKeys";
export { MySessions } from "./operators/MySessions";
export { Operator } from "./operators/Operator";
export { Operators } from "./operators/Operators";
export { System } from "./system/System";
