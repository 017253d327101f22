import { Progress } from "../../parts/Progress";
import { type Counts, progressOf, through } from "./course";

export function RunBar({ name, of: run }: { name: string; of: Counts }) {
  const { planned, failed, skipped } = run;
  return <Progress name={name} value={through(run)} max={planned} failed={failed} skipped={skipped} text={progressOf(run)} />;
}
