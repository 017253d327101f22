// How far a run was at the moments at which it was looked at.

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
