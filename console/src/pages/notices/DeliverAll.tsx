import { showMany } from "../../lib/number";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";

const PATH = "/admin/notices/deliver";

interface DeliverAllProps {
  dialog: DialogState<Draft>;
  state: "waiting" | "failing";
  delivered: () => void;
}

export function DeliverAll({ dialog, state, delivered }: DeliverAllProps) {
  const body = { state };
  const act = useAct(() => api.POST(PATH, { body }), { settledThen: delivered });
  return (
    <ActDialog
      dialog={dialog}
      title={state === "failing" ? "Deliver all that were tried before" : "Deliver all that wait"}
      act={act}
      label="Deliver them now"
      repeatable
      done={({ due }) => (
        <p>
          {showMany(due, "notice")} {due === 1 ? "is" : "are"} due now that {due === 1 ? "was" : "were"} not before. Refresh the
          list to see which are delivered.
        </p>
      )}
      curl={{ method: "POST", path: PATH, body }}
    >
      <p>
        Up to 1,000 are due at once, of every type: 50 are sent right away, the others by the scheduled runs. Do this when what
        stood in their way is mended.
      </p>
    </ActDialog>
  );
}
