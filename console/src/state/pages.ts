// A list that the service gives page by page, by its key: "Show more" appends, nothing is skipped
// or repeated when rows come or go meanwhile.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Failure } from "../lib/failure";
import { type Call, settled } from "./client";
import { poll } from "./poll";
import { useResource } from "./resource";

export interface Pages<Row, T = unknown> {
  /** The latest answer; undefined until the first page is there. */
  last: T | undefined;
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

/** What was appended to a first page. */
interface Rest<T, Row, Cursor> {
  first: T | undefined;
  last: T | undefined;
  rows: readonly Row[];
  next: Cursor | null;
  fresh: number;
  loading: boolean;
  failure: Failure | undefined;
}

/**
 * null as the key: nothing is read. `take` finds the rows and the cursor in an answer; `watch` looks for new entries.
 *
 * const list = (after?: string) => api.GET("/admin/users", { params: { query: { state, after } } });
 * const users = usePages(`users ${state}`, list, ({ users, next }) => ({ rows: users, next }));
 */
export function usePages<T, Row, Cursor extends string | number = string>(
  key: string | null,
  call: (after?: Cursor) => Call<T>,
  take: (answer: T) => { rows: readonly Row[]; next: Cursor | null },
  watch?: Watch<Row>,
): Pages<Row, T> {
  const { data: first, failure, loading, at, refresh } = useResource(key, () => call());
  const page = first === undefined ? { rows: [], next: null } : take(first);
  const state = useSignal<Rest<T, Row, Cursor> | undefined>(undefined);
  // A first page that was read anew begins the list anew.
  const rest =
    state.value?.first === first && state.value
      ? state.value
      : { first, last: first, ...page, fresh: 0, loading: false, failure: undefined };
  const latest = useRef({ call, rest });
  latest.current = { call, rest };
  const isLatest = () => latest.current.rest.first === first;

  const showMore = async () => {
    if (loading || rest.loading || rest.next === null) return;
    state.value = { ...rest, loading: true, failure: undefined };
    const result = await settled(call(rest.next));
    if (!isLatest()) return;
    if (!result.ok) {
      state.value = { ...rest, failure: result.failure };
      return;
    }
    const { rows, next } = take(result.data);
    state.value = { ...rest, last: result.data, rows: [...rest.rows, ...rows], next, failure: undefined };
  };

  useEffect(() => {
    if (!watch || key === null) return;
    const look = async () => {
      const { call, rest } = latest.current;
      const [newest] = rest.rows;
      if (newest === undefined) return undefined;
      const result = await settled(call());
      if (!result.ok) return result.failure;
      if (latest.current.rest.first !== rest.first) return undefined;
      const { rows } = take(result.data);
      const at = rows.findIndex((row) => watch.rowKey(row) === watch.rowKey(newest));
      state.value = { ...latest.current.rest, fresh: at < 0 ? rows.length : at };
      return undefined;
    };
    return poll(look, () => watch.every).stop;
  }, [key]);

  return {
    last: rest.last,
    rows: first === undefined ? undefined : rest.rows,
    more: rest.next !== null,
    fresh: rest.fresh,
    failure: failure ?? rest.failure,
    loading: loading || rest.loading,
    at,
    showMore: () => void showMore(),
    refresh,
  };
}
