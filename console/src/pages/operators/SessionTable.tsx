import type { OperatorSession } from "../../contract";
import { Badge } from "../../parts/StateBadge";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { browserOf } from "./browser";

interface SessionTableProps {
  sessions: readonly OperatorSession[];
  empty: string;
}

export function SessionTable({ sessions, empty }: SessionTableProps) {
  return (
    <Table
      name="Sessions"
      rows={sessions}
      rowKey={({ id }) => id}
      columns={[
        {
          title: "Browser",
          cell: ({ agent, current }) => (
            <>
              <span title={agent ?? undefined}>{browserOf(agent)}</span> {current && <Badge tone="good">This one</Badge>}
            </>
          ),
        },
        {
          title: "Address",
          cell: ({ address }) => (address === null ? <span class="quiet">Not known</span> : <code>{address}</code>),
        },
        { title: "Signed in", cell: ({ authenticatedAt }) => <Time at={authenticatedAt} quiet /> },
        { title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} quiet /> },
        {
          title: "Ends",
          cell: ({ idleEndsAt, endsAt }) => (
            <>
              <Time at={idleEndsAt} quiet /> unused,
              <br />
              <Time at={endsAt} quiet /> at the latest
            </>
          ),
        },
      ]}
      empty={empty}
    />
  );
}
