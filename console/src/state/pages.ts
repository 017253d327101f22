// A list that the service gives page by page, by its key: "Show more" appends, nothing is skipped
// or repeated when rows come or go meanwhile.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Failure } from "../lib/failure";
import { type Answer, settled } from "./client";
import { returns } from "./connection";
import { refreshes } from "./refresh";
import { onGrowth } from "./resource";

export interface Pages<Row> {
  /** undefined until the first page is there. */
  rows: readonly Row[] | undefined;
  /** Whether there is another page. */
  more: boolean;
  failure: Failure | undefined;
  loading: boolean;
  at: Date | undefined;
  showMore(): void;
  /** Reads the list anew, from its beginning. */
  refresh(): void;
}

type State<Row> = Omit<Pages<Row>, "showMore" | "refresh" | "more"> & { key: string | null; next: string | null };

const BLANK = { rows: undefined, next: null, failure: undefined, loading: false, at: undefined };

/**
 * null as the key: nothing is read. `take` finds the rows and the cursor in an answer.
 *
 * const users = usePages(`users ${state}`, (after, signal) => api.GET("/admin/users", { params: { query: { state, after } }, signal }),
 *   ({ users, next }) => ({ rows: users, next }));
 */
export function usePages<T, Row>(
  key: string | null,
  load: (after: string | undefined, signal: AbortSignal) => Answer<T>,
  take: (answer: T) => { rows: readonly Row[]; next: string | null },
): Pages<Row> {
  const state = useSignal<State<Row>>({ key, ...BLANK });
  const latest = useRef({ load, take });
  latest.current = { load, take };
  const read = useRef(async (_after: string | null) => {});

  useEffect(() => {
    state.value = { key, ...BLANK };
    if (key === null) return;
    let abort = new AbortController();
    let gone = false;

    read.current = async (after) => {
      // What is asked for last counts: a refresh ends a "Show more" under way.
      abort.abort();
      const mine = new AbortController();
      abort = mine;
      state.value = { ...state.value, loading: true, failure: undefined };
      try {
        const result = await settled(latest.current.load(after ?? undefined, mine.signal));
        if (gone || mine.signal.aborted) return;
        if (!result.ok) {
          state.value = { ...state.value, failure: result.failure, loading: false };
          return;
        }
        const { rows, next } = latest.current.take(result.data);
        const before = after === null ? [] : (state.value.rows ?? []);
        state.value = { key, rows: [...before, ...rows], next, failure: undefined, loading: false, at: new Date() };
      } catch (error) {
        if (!mine.signal.aborted) throw error;
      }
    };

    const again = () => void read.current(null);
    const offReturn = onGrowth(returns, again);
    const offRefresh = onGrowth(refreshes, again);
    again();
    return () => {
      gone = true;
      abort.abort();
      offReturn();
      offRefresh();
    };
  }, [key]);

  // In the first rendering under a new key the state is still the old one's.
  const { next, ...rest } = state.value.key === key ? state.value : BLANK;
  return {
    ...rest,
    more: next !== null,
    showMore: () => void (state.value.loading || next === null || read.current(next)),
    refresh: () => void read.current(null),
  };
}
