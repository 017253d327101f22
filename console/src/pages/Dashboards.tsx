import { useState } from "preact/hooks";
import { CallDialog } from "../parts/ActDialog";
import { CurlButton } from "../parts/CopyButton";
import { type DialogState, useDialog } from "../parts/Dialog";
import { TextField } from "../parts/inputs";
import { Page } from "../parts/Page";
import { PagedTable } from "../parts/Table";
import { api } from "../state/client";
import { usePages } from "../state/pages";
import { address, href, setFilters } from "../state/router";
import { may } from "../state/session";

const PATH = "/admin/dashboards";

/** null if it is not the id of a team. */
export function teamOf(text: string): number | null {
  const id = /^[1-9]\d*$/.test(text.trim()) ? Number(text) : 0;
  return id > 0 && Number.isSafeInteger(id) ? id : null;
}

export function Dashboards() {
  const team = address.value.filters.get("teamId") ?? "";
  const query = { teamId: teamOf(team) ?? undefined };
  const list = (after?: number) => api.GET(PATH, { params: { query: { ...query, after } } });
  const dashboards = usePages(JSON.stringify(list()), list, ({ dashboards, next }) => ({ rows: dashboards, next }));
  const make = useDialog("make-dashboard");
  return (
    <Page
      title="Dashboards"
      lead="What members of a team can choose for a scene."
      actions={
        <>
          <CurlButton {...list()} />
          {may("admin") && (
            <button type="button" class="primary" onClick={make.open}>
              Make a dashboard…
            </button>
          )}
        </>
      }
    >
      <div class="filters hinted">
        <TextField
          label="Team"
          inputMode="numeric"
          value={team}
          settled
          onChange={(teamId) => setFilters({ teamId: teamId.trim() })}
          hint={team && query.teamId === undefined ? "A team’s id is a number" : "The team’s id. Empty: all teams"}
        />
      </div>
      <PagedTable
        name="Dashboards"
        pages={dashboards}
        rowKey={({ id }) => id}
        columns={[
          { title: "Id", cell: ({ id }) => id },
          { title: "Name", cell: ({ name }) => name },
          { title: "Team", cell: ({ teamId }) => <a href={href(["dashboards"], { teamId })}>{teamId}</a> },
        ]}
        empty={query.teamId ? "This team has no dashboard." : "There is no dashboard yet."}
      />
      {make.isOpen && <MakeDashboard dialog={make} team={team} made={dashboards.refresh} />}
    </Page>
  );
}

interface MakeDashboardProps {
  dialog: DialogState<{ team: string }>;
  /** The team whose dashboards are listed, if it is one. */
  team: string;
  made: () => void;
}

function MakeDashboard({ dialog, team: listed, made }: MakeDashboardProps) {
  const { team = listed } = dialog.draft;
  const [name, setName] = useState("");
  const teamId = teamOf(team);
  const body = { teamId: teamId ?? 0, name: name.trim() };
  return (
    <CallDialog
      dialog={dialog}
      title="Make a dashboard"
      call={() => api.POST(PATH, { body })}
      settledThen={made}
      label="Make the dashboard"
      missing={teamId === null ? "Give the team’s id, a number" : body.name === "" ? "Give a name" : null}
      done={({ id, name }) => (
        <p>
          “{name}” has the id {id}.
        </p>
      )}
    >
      <TextField label="Team" inputMode="numeric" value={team} onChange={(team) => dialog.keep({ team })} hint="The team’s id." />
      <TextField label="Name" value={name} maxLength={200} onChange={setName} />
    </CallDialog>
  );
}
