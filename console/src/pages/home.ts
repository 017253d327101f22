// One file for the browser: what is shown first.

export { Help } from "./Help";
export { Overview } from "./overview/Overview";
