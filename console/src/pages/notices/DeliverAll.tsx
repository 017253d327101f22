import { showMany } from "../../lib/number";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";

interface DeliverAllProps {
  dialog: DialogState<Draft>;
  state: "waiting" | "failing";
  delivered: () => void;
}

export function DeliverAll({ dialog, state, delivered }: DeliverAllProps) {
  return (
    <CallDialog
      dialog={dialog}
      title={state === "failing" ? "Deliver all that were tried before" : "Deliver all that wait"}
      call={() => api.POST("/admin/notices/deliver", { body: { state } })}
      settledThen={delivered}
      label="Deliver them now"
      repeatable
      done={({ due }) => (
        <p>
          {showMany(due, "notice")} {due === 1 ? "is" : "are"} due now that {due === 1 ? "was" : "were"} not before. Refresh the
          list to see which are delivered.
        </p>
      )}
    >
      <p>
        Up to 1,000 are due at once, of every type: 50 are sent right away, the others by the scheduled runs. Do this when what
        stood in their way is mended.
      </p>
    </CallDialog>
  );
}
