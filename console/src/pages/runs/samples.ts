// What this page has seen of a run: the service keeps counts, not their course.

import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../state/announce";
import { hasEnded, progressOf, type Sample, through } from "./course";
import type { RunProgress } from "./Run";

const KEPT = 720;

/** Also says aloud each quarter that was passed, and the end. */
export function useRunSamples(run: RunProgress | undefined): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const spoken = useRef<number | null>(null);
  useEffect(() => {
    if (!run) return;
    const at = run.finishedAt ? new Date(run.finishedAt) : new Date();
    setSamples((before) => [
      ...(before.length > 0 ? before.slice(-KEPT) : [{ at: new Date(run.startedAt), done: 0, failed: 0 }]),
      { at, done: run.done, failed: run.failed },
    ]);

    const ended = hasEnded(run);
    const quarter = ended ? 4 : Math.min(3, Math.floor((4 * through(run)) / Math.max(1, run.planned)));
    // What stood there when the page was opened has been read already.
    if (spoken.current !== null && quarter > spoken.current) {
      const counts = progressOf(run);
      announce(ended ? `The run has ended: ${counts}` : `${quarter * 25} %: ${counts}`);
    }
    spoken.current = Math.max(quarter, spoken.current ?? 0);
  }, [run]);
  return samples;
}
