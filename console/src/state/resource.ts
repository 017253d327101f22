// What a page reads: loaded when its key changes, read again on request, on a timer, and when the
// connection is back.

import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../lib/failure";
import { type Call, settledUnless } from "./client";
import { returns } from "./connection";
import { poll } from "./poll";
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

/** null as the key: nothing is read (yet). */
export function useResource<T>(key: string | null, call: () => Call<T>, { every }: Polling<T> = {}): Resource<T> {
  const state = useSignal<State<T>>({ key, ...BLANK });
  const latest = useRef({ call, every });
  latest.current = { call, every };
  const refresh = useRef(() => {});

  useEffect(() => {
    state.value = { key, ...BLANK };
    if (key === null) return;
    const abort = new AbortController();
    const read = async () => {
      state.value = { ...state.value, loading: true };
      const result = await settledUnless(abort.signal, latest.current.call());
      if (!result) return undefined;
      state.value = result.ok
        ? { key, data: result.data, failure: undefined, loading: false, at: new Date() }
        : { ...state.value, failure: result.failure, loading: false };
      return result.ok ? undefined : result.failure;
    };
    const poller = poll(read, () => {
      const { every: wanted } = latest.current;
      return typeof wanted === "function" ? wanted(state.value.data) : (wanted ?? null);
    });
    refresh.current = poller.now;
    const offReturn = onGrowth(returns, poller.now);
    const offRefresh = onGrowth(refreshes, poller.now);
    return () => {
      abort.abort();
      poller.stop();
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
