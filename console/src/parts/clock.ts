// Time that passes on the screen.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

/** The present, to the half minute: for distances such as "3 minutes ago". */
export const now = signal(new Date());
setInterval(() => {
  if (!document.hidden) now.value = new Date();
}, 30_000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) now.value = new Date();
});

/** Whole seconds until then, counted down; 0 without a time. */
export function useCountdown(until: Date | null): number {
  const left = () => (until ? Math.max(0, Math.ceil((until.getTime() - Date.now()) / 1000)) : 0);
  const [seconds, setSeconds] = useState(left);
  const at = until?.getTime();
  useEffect(() => {
    setSeconds(left());
    if (left() === 0) return;
    const timer = setInterval(() => {
      setSeconds(left());
      if (left() === 0) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [at]);
  return seconds;
}

/** Whole seconds since then. */
export function useElapsed(since: Date): number {
  const passed = () => Math.max(0, Math.floor((Date.now() - since.getTime()) / 1000));
  const [seconds, setSeconds] = useState(passed);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(passed()), 1000);
    return () => clearInterval(timer);
  }, [since.getTime()]);
  return seconds;
}
