// CPU time of workerd from /proc: unlike wall time it hardly grows when others
// keep the processor busy. Where there is no /proc, there is no figure.

import { readdirSync, readFileSync } from "node:fs";

/** Every workerd that this process started. */
export function workerdPids() {
  return numbersIn("/proc").filter((pid) => {
    const [, name, parent] = /\((.*)\) \S (\d+)/.exec(read(`/proc/${pid}/stat`)) ?? [];
    return name === "workerd" && Number(parent) === process.pid;
  });
}

/** @param {number | undefined} pid @returns {number | undefined} milliseconds so far, all threads together */
export function cpuMs(pid) {
  if (pid === undefined) return undefined;
  const tasks = `/proc/${pid}/task`;
  // /proc/PID/stat would count in steps of 10 ms; the scheduler counts nanoseconds.
  const nanoseconds = numbersIn(tasks).map((task) => Number(read(`${tasks}/${task}/schedstat`).split(" ")[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** @param {string} dir */
function numbersIn(dir) {
  try {
    return readdirSync(dir).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** @param {string} file empty when its process is gone */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
