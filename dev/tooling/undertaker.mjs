// Ends the process groups it was told of when the process that told it is gone,
// however that went: the pipe between them closes even on SIGKILL.

import { setTimeout as sleep } from "node:timers/promises";
import { killGroup, lineSplitter } from "./run.mjs";

/** @type {Set<number>} */
const groups = new Set();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.removeAllListeners(signal);
  process.on(signal, () => {}); // a closed terminal ends everybody else; that is when we are needed
}

const lines = lineSplitter((line) => {
  const group = Number(line.slice(1));
  if (line.startsWith("+")) groups.add(group);
  else groups.delete(group);
});

process.stdin.setEncoding("utf8");
for await (const text of process.stdin) lines.push(text);

if ([...groups].filter((group) => killGroup(group, "SIGTERM")).length > 0) {
  await sleep(3_000);
  for (const group of groups) killGroup(group, "SIGKILL");
}
