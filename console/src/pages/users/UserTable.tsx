import type { ComponentChildren } from "preact";
import type { UserRow } from "../../contract";
import { PagedTable } from "../../parts/Table";
import type { Pages } from "../../state/pages";
import { href } from "../../state/router";
import { may } from "../../state/session";
import { BulkBar, type BulkBarProps } from "./BulkBar";
import { USER_COLUMNS } from "./columns";
import { selected, tick } from "./selection";

interface UserTableProps extends BulkBarProps {
  pages: Pages<UserRow>;
  empty: ComponentChildren;
}

/** Users, of whom those may be ticked whom the operator may do something to. */
export function UserTable({ pages, empty, ...list }: UserTableProps) {
  const acts = may("support");
  return (
    <PagedTable
      name="Users"
      pages={pages}
      head={acts && <BulkBar {...list} />}
      columns={USER_COLUMNS}
      rowKey={({ userId }) => userId}
      href={({ userId }) => href(["users", userId])}
      ticks={acts ? { has: (id) => selected.value.has(id), set: tick } : undefined}
      empty={empty}
    />
  );
}
