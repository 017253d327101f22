import { useState } from "preact/hooks";
import { ActDialog } from "../parts/ActDialog";
import { CurlButton } from "../parts/CopyButton";
import { type DialogState, useDialog } from "../parts/Dialog";
import { TextField } from "../parts/inputs";
import { Page } from "../parts/Page";
import { PagedTable } from "../parts/Table";
import { useAct } from "../state/act";
import { api } from "../state/client";
import { usePages } from "../state/pages";
import { address, href, setFilters } from "../state/router";
import { may } from "../state/session";
import type { Draft } from "../state/step-up";

const PATH = "/admin/dashboards";

/** null if it is not the id of a team. */
const teamOf = (text: string): number | null => (/^[1-9]\d{0,15}$/.test(text.trim()) ? Number(text.trim()) : null);

export function Dashboards() {
  const team = address.value.filters.get("teamId") ?? "";
  const query = { teamId: teamOf(team) ?? undefined };
  const dashboards = usePages(
    `dashboards ${query.teamId ?? ""}`,
    // Its cursor is an id, a number.
    (after, signal) =>
      api.GET(PATH, { params: { query: { ...query, after: after === undefined ? after : Number(after) } }, signal }),
    ({ dashboards, next }) => ({ rows: dashboards, next: next === null ? null : String(next) }),
  );
  const make = useDialog("make-dashboard");
  return (
    <Page
      title="Dashboards"
      lead="What members of a team can choose for a scene."
      actions={
        <>
          <CurlButton method="GET" path={PATH} query={query} />
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
  dialog: DialogState<Draft>;
  /** The team whose dashboards are listed, if it is one. */
  team: string;
  made: () => void;
}

function MakeDashboard({ dialog, team, made }: MakeDashboardProps) {
  const [teamText, setTeam] = useState(String(dialog.draft?.team ?? team));
  const [name, setName] = useState("");
  const teamId = teamOf(teamText);
  const body = { teamId: teamId ?? 0, name: name.trim() };
  const act = useAct(() => api.POST(PATH, { body }), {
    dialog: { name: "make-dashboard", draft: () => ({ team: teamText }) },
    settledThen: made,
  });
  return (
    <ActDialog
      dialog={dialog}
      title="Make a dashboard"
      act={act}
      label="Make the dashboard"
      missing={teamId === null ? "Give the team’s id, a number" : body.name === "" ? "Give a name" : null}
      done={({ id, name }) => (
        <p>
          “{name}” has the id {id}.
        </p>
      )}
      curl={{ method: "POST", path: PATH, body }}
    >
      <TextField label="Team" inputMode="numeric" value={teamText} onChange={setTeam} hint="The team’s id." />
      <TextField label="Name" value={name} maxLength={200} onChange={setName} />
    </ActDialog>
  );
}
