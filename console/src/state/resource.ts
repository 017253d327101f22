// What a page reads: loaded when its key changes, read again on request, on a timer, and when the
// connection is back.

import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../lib/failure";
import { type Answer, settled } from "./client";
import { returns } from "./connection";
import { refreshes } from "./refresh";

export interface Resource<T> {
  data: T | undefined;
  failure: Failure | undefined;
  loading: boolean;
  /** When `data` was read. */
  at: Date | undefined;
  refresh(): void;
}

export interface Polling<T> {
  /** Milliseconds to the next read; null: no more. */
  every?: number | ((data: T | undefined) => number | null);
}

type State<T> = Omit<Resource<T>, "refresh"> & { key: string | null };

/** Failures in a row that the timer shrugs off, and what it does then. */
const PATIENT_FAILURES = 5;
const BACK_OFF_MS = 5_000;
const LONGEST_BACK_OFF_MS = 60_000;

/** null as the key: nothing is read (yet). */
export function useResource<T>(
  key: string | null,
  load: (signal: AbortSignal) => Answer<T>,
  { every }: Polling<T> = {},
): Resource<T> {
  const state = useSignal<State<T>>({ key, ...BLANK });
  const latest = useRef({ load, every });
  latest.current = { load, every };
  const refresh = useRef(() => {});

  useEffect(() => {
    state.value = { key, ...BLANK };
    if (key === null) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let running = false;

    const read = async () => {
      if (running) return;
      running = true;
      clearTimeout(timer);
      state.value = { ...state.value, loading: true };
      try {
        const result = await settled(latest.current.load(abort.signal));
        if (abort.signal.aborted) return;
        failures = result.ok ? 0 : failures + 1;
        state.value = result.ok
          ? { key, data: result.data, failure: undefined, loading: false, at: new Date() }
          : { ...state.value, failure: result.failure, loading: false };
        plan();
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      } finally {
        running = false;
      }
    };

    const plan = () => {
      const { every: wanted } = latest.current;
      const usual = typeof wanted === "function" ? wanted(state.value.data) : (wanted ?? null);
      if (usual === null) return;
      const backOff =
        failures > PATIENT_FAILURES ? Math.min(LONGEST_BACK_OFF_MS, BACK_OFF_MS * 2 ** (failures - PATIENT_FAILURES - 1)) : 0;
      const told = (state.value.failure?.retryAt?.getTime() ?? 0) - Date.now();
      timer = setTimeout(() => (document.hidden ? waitUntilVisible() : void read()), Math.max(usual, backOff, told));
    };

    let waiting = false;
    const waitUntilVisible = () => {
      waiting = true;
    };
    const onVisible = () => {
      if (document.hidden || !waiting) return;
      waiting = false;
      void read();
    };

    document.addEventListener("visibilitychange", onVisible);
    const again = () => void read();
    refresh.current = again;
    const offReturn = onGrowth(returns, again);
    const offRefresh = onGrowth(refreshes, again);
    void read();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
      offReturn();
      offRefresh();
    };
  }, [key]);

  // In the first rendering under a new key the state is still the old one's.
  return { ...(state.value.key === key ? state.value : BLANK), refresh: () => refresh.current() };
}

/** How long what is there already waits for the rest. */
const TOGETHER_MS = 1000;

/** Whether all have their first answer, or enough time has passed: then they appear together. */
export function useSettled(resources: readonly Resource<unknown>[]): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), TOGETHER_MS);
    return () => clearTimeout(timer);
  }, []);
  return late || resources.every(({ data, failure }) => data !== undefined || failure !== undefined);
}

const BLANK = { data: undefined, failure: undefined, loading: false, at: undefined };

/** Calls back when the counter grows, not for its present value. */
export function onGrowth(counter: { subscribe(callback: (value: number) => void): () => void }, callback: () => void) {
  let first = true;
  return counter.subscribe(() => {
    if (!first) callback();
    first = false;
  });
}
