import type { RunProgress } from "./Run";
import type { Sample } from "./samples";

export function RunCharts(_: { run: RunProgress; samples: readonly Sample[] }) {
  return null;
}
