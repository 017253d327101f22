import type { UserDetail } from "../../../contract";
import { CallDialog } from "../../../parts/ActDialog";
import { TextField } from "../../../parts/inputs";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { teamOf } from "../../Dashboards";
import { DialogButton } from "../DialogButton";

interface TeamProps {
  userId: string;
  teamId: UserDetail["teamId"];
}

export function TeamButton({ userId, teamId: present }: TeamProps) {
  return (
    <DialogButton<{ team: string }> name={`team ${userId}`} label="Change team…">
      {(dialog) => {
        const { team = "" } = dialog.draft;
        const teamId = teamOf(team);
        return (
          <CallDialog
            dialog={dialog}
            title="Change the team"
            call={() => api.PUT("/admin/users/{userId}/team", { params: { path: { userId } }, body: { teamId: teamId ?? 1 } })}
            settledThen={refreshAll}
            label="Change the team"
            missing={teamId === null ? "Give the id of a team: a number" : null}
            done={`The user is in team ${teamId}.`}
            repeatable
          >
            <p>
              {present === null ? "The user is in no team." : `The user is in team ${present}.`} The team decides which dashboards
              the person can choose for scenes.
            </p>
            <TextField label="Team id" inputMode="numeric" value={team} onChange={(team) => dialog.keep({ team })} />
          </CallDialog>
        );
      }}
    </DialogButton>
  );
}
