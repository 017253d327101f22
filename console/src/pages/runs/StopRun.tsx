import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { ReasonField } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";

interface StopRunProps {
  dialog: DialogState<Draft>;
  runId: string;
  /** Whether it is over a list, which no later run takes up. */
  isList: boolean;
  stopped: () => void;
}

export function StopRun({ dialog, runId, isList, stopped }: StopRunProps) {
  const [reason, setReason] = useState("");
  const body = { reason: reason.trim() };
  const act = useAct(() => api.POST("/admin/threedeye/backfill/runs/{runId}/stop", { params: { path: { runId } }, body }), {
    dialog: { name: `stop-run ${runId}`, draft: {} },
    settledThen: stopped,
  });
  return (
    <ActDialog
      dialog={dialog}
      title="Stop this run"
      act={act}
      label="Stop the run"
      missing={body.reason === "" ? "Give a reason" : null}
      done={() => <p>No further user is begun. Those that are at work are finished.</p>}
      repeatable
      curl={{ method: "POST", path: `/admin/threedeye/backfill/runs/${runId}/stop`, body }}
    >
      <p>
        {isList
          ? "Users whose turn has not come are left as they are, and the page tells who they are. What was done stays done."
          : "Chunks that are not done yet are given up. Their users are due again, and have their turn in the next run. Accounts that were made stay."}
      </p>
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
