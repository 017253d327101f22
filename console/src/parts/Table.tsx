// A real table. On narrow screens CSS makes cards of its rows.

import type { ComponentChildren, JSX } from "preact";
import { showMany } from "../lib/number";
import type { Pages } from "../state/pages";
import { isRefused } from "../state/router";
import { AsOf } from "./AsOf";
import { FailureNotice } from "./FailureNotice";
import { Skeleton } from "./Panel";
import { Time } from "./Time";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** Figures stand right. */
  align?: "end";
  /** The heading is for screen readers only: a column of buttons. */
  hidden?: boolean;
}

export interface Ticks {
  has: (key: string) => boolean;
  set: (key: string, on: boolean) => void;
}

interface TableProps<Row> {
  /** Its accessible name: "Users". */
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** Where a row leads: its first cell becomes the link, which `j`, `k` and Enter use. */
  href?: (row: Row) => string | null;
  /** With it, rows can be ticked. */
  ticks?: Ticks | undefined;
  /** Instead of a table without rows: why there are none, and what next. */
  empty: ComponentChildren;
}

export function Table<Row>({ name, columns, rows, rowKey, href, ticks, empty }: TableProps<Row>): JSX.Element {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <div class="table-frame">
      <table aria-label={name}>
        <thead>
          <tr>
            {ticks && (
              <th scope="col">
                <span class="vh">Select</span>
              </th>
            )}
            {columns.map(({ title, align, hidden }) => (
              <th key={title} scope="col" class={align}>
                {hidden ? <span class="vh">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {ticks && <Tick of={ticks} row={String(rowKey(row))} />}
              {columns.map(({ title, cell, align }, index) => (
                <td key={title} class={align} data-label={title}>
                  {/* On narrow screens the label stands beside this, whatever it holds. */}
                  <div>
                    <Cell link={index === 0 ? href?.(row) : null}>{cell(row)}</Cell>
                  </div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ link, children }: { link: string | null | undefined; children: ComponentChildren }) {
  if (!link) return <>{children}</>;
  return (
    <a href={link} data-row="">
      {children}
    </a>
  );
}

function Tick({ of: { has, set }, row }: { of: Ticks; row: string }) {
  return (
    <td class="tick" data-label="Select">
      <input
        type="checkbox"
        aria-label={`Select ${row}`}
        checked={has(row)}
        onChange={(event) => set(row, event.currentTarget.checked)}
      />
    </td>
  );
}

interface PagedTableProps<Row> extends Omit<TableProps<Row>, "rows"> {
  pages: Pages<Row>;
  /** Above the table. */
  head?: ComponentChildren;
  /** How far a search has come, if that is why it stopped. */
  searchedTo?: string | null | undefined;
}

/** A table whose rows come page by page. */
export function PagedTable<Row>({ pages, head, searchedTo, ...table }: PagedTableProps<Row>): JSX.Element {
  const { rows, more, fresh, failure, loading, at, showMore, refresh } = pages;
  const any = rows !== undefined && rows.length > 0;
  if (isRefused())
    return (
      <p class="notice warn" role="alert">
        No address may hold an e-mail or a phone number: find the user above, and use the id.
      </p>
    );
  return (
    <div class="sheet">
      <div class="panel-head">
        {head}
        <AsOf at={at} loading={loading} refresh={refresh} of={table.name} />
      </div>
      <div role="status">
        {fresh > 0 && (
          <button type="button" class="fresh" onClick={refresh}>
            {showMany(fresh, "new entry", "new entries")}
          </button>
        )}
      </div>
      {rows === undefined ? !failure && <Skeleton lines={8} /> : (any || !more) && <Table {...table} rows={rows} />}
      {failure && <FailureNotice failure={failure} retry={rows && more ? showMore : refresh} />}
      {rows && (any || more) && (
        <p class="row below">
          {more && searchedTo && (
            <span role="status">
              {any ? "Nothing more since" : "Nothing since"} <Time at={searchedTo} quiet />.
            </span>
          )}
          {more && (
            <button type="button" onClick={showMore} aria-disabled={loading}>
              {searchedTo ? "Search on" : "Show more"}
            </button>
          )}
          <span class="quiet">
            {showMany(rows.length, "row")}
            {more ? " so far" : ""}
          </span>
        </p>
      )}
    </div>
  );
}
