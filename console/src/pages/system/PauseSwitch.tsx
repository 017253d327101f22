import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { ReasonField, Switch } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import { may } from "../../state/session";
import type { Draft } from "../../state/step-up";

const PATH = "/admin/threedeye/pause";

/** The switch asks for a reason first; it moves when the service has confirmed it. */
export function PauseSwitch({ paused }: { paused: boolean }) {
  const dialog = useDialog("pause");
  return (
    <>
      {may("admin") ? (
        <Switch label="Pause all provisioning" checked={paused} onChange={dialog.open} />
      ) : (
        <p>{paused ? "All provisioning is paused." : "Provisioning goes on."} An admin can change that.</p>
      )}
      <p class="hint">
        While it is paused no run begins, by the schedule or by hand, and runs under way end. What is asked for one user goes on,
        and notices too.
      </p>
      {dialog.isOpen && <PauseDialog dialog={dialog} pause={!paused} />}
    </>
  );
}

interface PauseDialogProps {
  dialog: DialogState<Draft>;
  pause: boolean;
}

function PauseDialog({ dialog, pause: wanted }: PauseDialogProps) {
  // What is read meanwhile must not turn the act round.
  const [pause] = useState(typeof dialog.draft?.pause === "boolean" ? dialog.draft.pause : wanted);
  const [reason, setReason] = useState("");
  const body = { paused: pause, reason: reason.trim() };
  const act = useAct(() => api.PUT(PATH, { body }), {
    dialog: { name: "pause", draft: { pause } },
    settledThen: refreshAll,
  });
  return (
    <ActDialog
      dialog={dialog}
      title={pause ? "Pause all provisioning" : "Let provisioning go on"}
      act={act}
      label={pause ? "Pause" : "Go on"}
      danger={pause}
      missing={body.reason === "" ? "Give a reason" : null}
      repeatable
      done={({ paused }) => <p>{paused ? "All provisioning is paused." : "Scheduled runs begin again."}</p>}
      curl={{ method: "PUT", path: PATH, body }}
    >
      <p>
        {pause
          ? "New users get no account until it is lifted. Runs under way end after the users they are at; the others wait."
          : "Scheduled runs begin again."}
      </p>
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
