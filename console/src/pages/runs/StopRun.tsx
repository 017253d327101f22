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
  stopped: () => void;
}

export function StopRun({ dialog, runId, stopped }: StopRunProps) {
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
      done={() => <p>No further chunk is begun. What a consumer has in hand is finished.</p>}
      repeatable
      curl={{ method: "POST", path: `/admin/threedeye/backfill/runs/${runId}/stop`, body }}
    >
      <p>
        Chunks that are not done yet are given up. Their users are due again, and have their turn in the next run. Accounts that
        were made stay.
      </p>
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
