import { showCount } from "../../lib/number";
import { Progress } from "../../parts/Progress";

interface Counts {
  planned: number;
  done: number;
  failed: number;
  skipped: number;
}

/** How many of a run's users are through, whatever became of them. */
export const through = ({ done, failed, skipped }: Omit<Counts, "planned">): number => done + failed + skipped;

/** "998 of 4,000 done, 2 failed". */
export function progressOf({ planned, done, failed, skipped }: Counts): string {
  const rest = skipped > 0 ? `, ${showCount(skipped)} skipped` : "";
  return `${showCount(done)} of ${showCount(planned)} done, ${showCount(failed)} failed${rest}`;
}

export function RunBar({ name, of: run }: { name: string; of: Counts }) {
  const { planned, failed, skipped } = run;
  return <Progress name={name} value={through(run)} max={planned} failed={failed} skipped={skipped} text={progressOf(run)} />;
}
