// A list that the service gives page by page, by its key: "Show more" appends, nothing is skipped
// or repeated when rows come or go meanwhile.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Failure } from "../lib/failure";
import { type Call, settledUnless } from "./client";
import { returns } from "./connection";
import { poll } from "./poll";
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
  /** New entries since then that a `watch` has seen. They are not put in between: reading goes on where it was. */
  fresh: number;
  showMore(): void;
  /** Reads the list anew, from its beginning. */
  refresh(): void;
}

export interface Watch<Row> {
  /** Milliseconds between looks at the first page. */
  every: number;
  rowKey: (row: Row) => string | number;
}

type State<Row, Cursor> = Omit<Pages<Row>, "showMore" | "refresh" | "more" | "fresh"> & {
  key: string | null;
  next: Cursor | null;
};

const BLANK = { rows: undefined, next: null, failure: undefined, loading: false, at: undefined };

/**
 * null as the key: nothing is read. `take` finds the rows and the cursor in an answer; `watch` looks for new entries.
 *
 * const users = usePages(`users ${state}`, (after) => api.GET("/admin/users", { params: { query: { state, after } } }),
 *   ({ users, next }) => ({ rows: users, next }));
 */
export function usePages<T, Row, Cursor extends string | number = string>(
  key: string | null,
  call: (after?: Cursor) => Call<T>,
  take: (answer: T) => { rows: readonly Row[]; next: Cursor | null },
  watch?: Watch<Row>,
): Pages<Row> {
  const state = useSignal<State<Row, Cursor>>({ key, ...BLANK });
  const fresh = useSignal(0);
  const latest = useRef({ call, take });
  latest.current = { call, take };
  const read = useRef(async (_after: Cursor | null) => {});

  useEffect(() => {
    state.value = { key, ...BLANK };
    fresh.value = 0;
    if (key === null) return;
    let abort = new AbortController();
    const left = new AbortController();

    read.current = async (after) => {
      // What is asked for last counts: a refresh ends a "Show more" under way.
      abort.abort();
      const mine = new AbortController();
      abort = mine;
      state.value = { ...state.value, loading: true, failure: undefined };
      const signal = AbortSignal.any([mine.signal, left.signal]);
      const result = await settledUnless(signal, latest.current.call(after ?? undefined));
      if (!result) return;
      if (!result.ok) {
        state.value = { ...state.value, failure: result.failure, loading: false };
        return;
      }
      const { rows, next } = latest.current.take(result.data);
      const before = after === null ? [] : (state.value.rows ?? []);
      if (after === null) fresh.value = 0;
      state.value = { key, rows: [...before, ...rows], next, failure: undefined, loading: false, at: new Date() };
    };

    const again = () => void read.current(null);
    const offReturn = onGrowth(returns, again);
    const offRefresh = onGrowth(refreshes, again);
    again();
    const watcher = watch && poll(look, () => watch.every);
    return () => {
      left.abort();
      watcher?.stop();
      offReturn();
      offRefresh();
    };

    async function look() {
      const newest = state.value.rows?.[0];
      if (!watch || newest === undefined) return undefined;
      const result = await settledUnless(left.signal, latest.current.call());
      if (!result?.ok) return result?.failure;
      const { rows } = latest.current.take(result.data);
      const at = rows.findIndex((row) => watch.rowKey(row) === watch.rowKey(newest));
      fresh.value = at < 0 ? rows.length : at;
      return undefined;
    }
  }, [key]);

  // In the first rendering under a new key the state is still the old one's.
  const { next, ...rest } = state.value.key === key ? state.value : BLANK;
  return {
    ...rest,
    more: next !== null,
    fresh: fresh.value,
    showMore: () => void (state.value.loading || next === null || read.current(next)),
    refresh: () => void read.current(null),
  };
}
