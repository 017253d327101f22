import { CurlButton } from "../../parts/CopyButton";
import { Switch } from "../../parts/fields";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/Table";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { isRefused, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { AUDIT_COLUMNS } from "./columns";
import { ExportButton } from "./ExportButton";
import { AuditFilters, auditFilters } from "./filters";

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
          {may("admin") && !isRefused() && <ExportButton filters={filters} />}
        </>
      }
    >
      <AuditFilters filters={filters} />
      <PagedTable
        name="Audit"
        pages={trail}
        head={
          <Switch
            label="People’s acts only"
            checked={filters.people === true}
            onChange={(people) => setFilters({ people: people ? null : "false" })}
          />
        }
        rowKey={({ id }) => id}
        columns={AUDIT_COLUMNS}
        empty="Nothing matches. Widen the filters, or show the service’s own acts too."
        // A call looks at a bounded part of the trail: it may end before anything was found.
        searchedTo={trail.last && trail.last.entries.length < LIMIT ? trail.last.scannedTo : null}
      />
    </Page>
  );
}
