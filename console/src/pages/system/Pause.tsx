import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { ReasonField } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import { may } from "../../state/session";
import type { Draft } from "../../state/step-up";

const PATH = "/admin/threedeye/pause";
const PAUSE = "Pause all provisioning";
const RESUME = "Resume provisioning";

/** Whether provisioning is paused, and the button that changes it, which asks for a reason. */
export function Pause({ paused }: { paused: boolean }) {
  const dialog = useDialog("pause");
  return (
    <>
      <p>
        {paused ? "All provisioning is paused." : "Provisioning goes on."}{" "}
        {may("admin") ? (
          <button type="button" onClick={dialog.open}>
            {paused ? RESUME : PAUSE}…
          </button>
        ) : (
          "An admin can change that."
        )}
      </p>
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
      title={pause ? PAUSE : RESUME}
      act={act}
      label={pause ? "Pause" : "Resume"}
      danger={pause}
      missing={body.reason === "" ? "Give a reason" : null}
      repeatable
      done={({ paused }) => <p>{paused ? "All provisioning is paused." : "Scheduled runs begin again."}</p>}
      curl={{ method: "PUT", path: PATH, body }}
    >
      <p>
        {pause
          ? "New users get no account until it is resumed. Runs under way end after the users they are at."
          : "Scheduled runs begin again."}
      </p>
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
