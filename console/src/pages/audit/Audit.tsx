import type { AuditEntry } from "../../contract";
import { AsOf } from "../../parts/AsOf";
import { CurlButton } from "../../parts/CopyButton";
import { FailureNotice } from "../../parts/FailureNotice";
import { Switch } from "../../parts/fields";
import { Page } from "../../parts/Page";
import { Skeleton } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { may } from "../../state/session";
import { AUDIT_COLUMNS } from "./columns";
import { ExportLink } from "./ExportLink";
import { AuditFilters, auditFilters, setAuditFilters } from "./filters";

const LIMIT = 50;

export function Audit() {
  const filters = auditFilters();
  const list = (before?: string) => api.GET("/admin/audit", { params: { query: { ...filters, before, limit: LIMIT } } });
  const trail = usePages(`audit ${JSON.stringify(filters)}`, list, ({ entries, next }) => ({ rows: entries, next }));
  return (
    <Page
      title="Audit"
      lead="Who did what, when and why. Entries cannot be changed."
      actions={
        <>
          <CurlButton {...list()} />
          {may("admin") && <ExportLink filters={filters} />}
        </>
      }
    >
      <AuditFilters filters={filters} />
      <div class="sheet">
        <div class="panel-head">
          <Switch
            label="People’s acts only"
            checked={filters.people === true}
            onChange={(people) => setAuditFilters({ people: people ? null : "false" })}
          />
          <AsOf at={trail.at} loading={trail.loading} refresh={trail.refresh} of="Audit" />
        </div>
        {trail.rows === undefined && !trail.failure && <Skeleton lines={12} />}
        {trail.rows !== undefined && (trail.rows.length > 0 || !trail.more) && <Entries rows={trail.rows} />}
        {trail.failure && (
          <FailureNotice failure={trail.failure} retry={trail.rows && trail.more ? trail.showMore : trail.refresh} />
        )}
        {trail.rows !== undefined && (
          <More
            any={trail.rows.length > 0}
            more={trail.more}
            scannedTo={trail.last && trail.last.entries.length < LIMIT ? trail.last.scannedTo : null}
            loading={trail.loading}
            showMore={trail.showMore}
          />
        )}
      </div>
    </Page>
  );
}

function Entries({ rows }: { rows: readonly AuditEntry[] }) {
  return (
    <Table
      name="Audit"
      rows={rows}
      rowKey={({ id }) => id}
      columns={AUDIT_COLUMNS}
      empty="Nothing in the trail is like that. Widen the filters, or show the service’s own acts too."
    />
  );
}

interface MoreProps {
  any: boolean;
  more: boolean;
  /** How far the search has come, if that is why it stopped. */
  scannedTo: string | null;
  loading: boolean;
  showMore: () => void;
}

/** A call looks at a bounded part of the trail: it may end before anything was found. */
function More({ any, more, scannedTo, loading, showMore }: MoreProps) {
  if (!more) return any ? <p class="quiet below">There is nothing older.</p> : null;
  return (
    <p class="row below">
      {scannedTo && (
        <span role="status">
          {any ? "Nothing more since" : "Nothing since"} <Time at={scannedTo} quiet />.
        </span>
      )}
      <button type="button" onClick={showMore} aria-disabled={loading}>
        {scannedTo ? "Search on" : "Show more"}
      </button>
    </p>
  );
}
