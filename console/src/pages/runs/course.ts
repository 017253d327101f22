// How far a run is, and was at the moments at which it was looked at.

import type { BackfillRun } from "../../contract";
import { showCount } from "../../lib/number";

export interface Standing {
  status: BackfillRun["status"];
  /** For the service to say: it knows how long a run may be silent. */
  died?: boolean;
}

export const hasEnded = ({ status, died = false }: Standing): boolean => status !== "running" || died;

export interface Counts {
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

export interface Sample {
  at: Date;
  done: number;
  failed: number;
}

/** With fewer samples a line would show a course that was not seen. */
export const FEW = 3;
/** Points of the line, evenly spaced in time. */
const POINTS = 60;

/** What was last seen at each of some moments that lie equally far apart. */
export function evenly(samples: readonly Sample[]): readonly Sample[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < FEW) return samples;
  const span = last.at.getTime() - first.at.getTime();
  const count = Math.min(POINTS, samples.length);
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(first.at.getTime() + (span * index) / (count - 1));
    return { ...(samples.findLast((sample) => sample.at <= at) ?? first), at };
  });
}
