import { useId, useState } from "preact/hooks";
import type { UserDetail } from "../../../contract";
import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { DialogButton } from "../DialogButton";

interface TeamProps {
  userId: string;
  teamId: UserDetail["teamId"];
}

interface TeamDraft extends Record<string, string> {
  team: string;
}

export function TeamButton(props: TeamProps) {
  return (
    <DialogButton<TeamDraft> name={`team ${props.userId}`} label="Change team…">
      {(dialog) => <TeamDialog {...props} dialog={dialog} />}
    </DialogButton>
  );
}

function TeamDialog({ userId, teamId, dialog }: TeamProps & { dialog: DialogState<TeamDraft> }) {
  const id = useId();
  const [team, setTeam] = useState(dialog.draft?.team ?? "");
  const body = { teamId: Number(team) };
  const isNumber = /^[1-9]\d{0,15}$/.test(team.trim()) && Number.isSafeInteger(Number(team));
  const act = useAct(() => api.PUT("/admin/users/{userId}/team", { params: { path: { userId } }, body }), {
    dialog: { name: `team ${userId}`, draft: (): TeamDraft => ({ team }) },
    settledThen: refreshAll,
  });
  return (
    <ActDialog
      act={act}
      dialog={dialog}
      title="Change the team"
      label="Change the team"
      missing={isNumber ? null : "Give the id of a team: a number"}
      done={() => <p>The user is in team {body.teamId}.</p>}
      repeatable
      curl={{ method: "PUT", path: `/admin/users/${encodeURIComponent(userId)}/team`, body: { teamId: body.teamId || 1 } }}
    >
      <p>
        {teamId === null ? "The user is in no team." : `The user is in team ${teamId}.`} The team decides which dashboards the
        person can choose for scenes.
      </p>
      <div class="field">
        <label for={id}>Team id</label>
        <input
          id={id}
          inputMode="numeric"
          autoComplete="off"
          value={team}
          onInput={(event) => setTeam(event.currentTarget.value)}
        />
      </div>
    </ActDialog>
  );
}
