// A real table. On narrow screens CSS makes cards of its rows.

import type { ComponentChildren, JSX } from "preact";
import { showMany } from "../lib/number";
import type { Pages } from "../state/pages";
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

interface TableProps<Row> {
  /** Its accessible name: "Users". */
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** Where a row leads: its first cell becomes the link, which `j`, `k` and Enter use. */
  href?: (row: Row) => string;
  /** Instead of a table without rows: why there are none, and what next. */
  empty: ComponentChildren;
}

export function Table<Row>({ name, columns, rows, rowKey, href, empty }: TableProps<Row>): JSX.Element {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <div class="table-frame">
      <table aria-label={name}>
        <thead>
          <tr>
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
              {columns.map(({ title, cell, align }, index) => (
                <td key={title} class={align} data-label={title}>
                  {/* On narrow screens the label stands beside this, whatever it holds. */}
                  <div>
                    {index === 0 && href ? (
                      <a href={href(row)} data-row="">
                        {cell(row)}
                      </a>
                    ) : (
                      cell(row)
                    )}
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
      {(any || (rows && more)) && (
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
          {any && (
            <span class="quiet">
              {showMany(rows.length, "row")}
              {more ? " so far" : ""}
            </span>
          )}
        </p>
      )}
    </div>
  );
}
