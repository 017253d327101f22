import type { AuditEntry, UserDetail } from "../../../contract";
import { words } from "../../../lib/words";
import { CurlButton } from "../../../parts/CopyButton";
import { Section } from "../../../parts/Panel";
import { type Column, PagedTable, Table } from "../../../parts/Table";
import { Time } from "../../../parts/Time";
import { api } from "../../../state/client";
import { usePages } from "../../../state/pages";
import { href } from "../../../state/router";

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "When", cell: ({ at }) => <Time at={at} quiet /> },
  { title: "What", cell: ({ action, outcome }) => <What action={action} outcome={outcome} /> },
  { title: "Who", cell: ({ actor }) => nameOf(actor) },
  { title: "Reason", cell: ({ reason }) => reason ?? <span class="quiet">–</span> },
  { title: "Request", cell: ({ requestId }) => (requestId ? <code>{requestId}</code> : <span class="quiet">–</span>) },
];

const LATEST: readonly Column<AuditEntry>[] = [
  {
    title: "When, who",
    cell: ({ at, actor }) => (
      <>
        <Time at={at} quiet relative />
        <div class="quiet">{nameOf(actor)}</div>
      </>
    ),
  },
  { title: "What", cell: ({ action, outcome }) => <What action={action} outcome={outcome} /> },
];

const nameOf = ({ name, id, kind }: AuditEntry["actor"]) => name ?? id ?? words(kind);

export function HistoryTab({ user: { userId, history } }: { user: UserDetail }) {
  const query = { subject: userId };
  const list = (before?: string) => api.GET("/admin/audit", { params: { query: { ...query, before } } });
  const entries = usePages(`history ${userId}`, list, ({ entries, next }) => ({ rows: entries, next }));
  return (
    <Section
      title="History"
      actions={
        <>
          <a href={href(["audit"], query)}>Open in Audit</a>
          <CurlButton {...list()} />
        </>
      }
    >
      <PagedTable
        name="History"
        // The newest are known already, so that a page that is printed has them, and nothing is awaited.
        pages={{ ...entries, rows: entries.rows ?? (entries.failure ? undefined : history) }}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        empty="Nothing has been done to this user yet."
      />
    </Section>
  );
}

/** The latest few, as they came with the user. */
export function HistoryList({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <Table
      name="Latest acts"
      rows={entries}
      rowKey={({ id }) => id}
      columns={LATEST}
      empty="Nothing has been done to this user yet."
    />
  );
}

function What({ action, outcome }: { action: string; outcome: string | null }) {
  return (
    <>
      <code>{action}</code>
      {outcome && <div class="quiet">{outcome}</div>}
    </>
  );
}
