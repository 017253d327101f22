import type { Operator } from "../../contract";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { operator as me } from "../../state/session";

/** The operator that a dialog is about. */
export type OperatorRow = { id: string };

interface DisableOperatorProps {
  dialog: DialogState<OperatorRow>;
  operators: readonly Operator[];
  disabled: () => void;
}

export function DisableOperator({ dialog, operators, disabled }: DisableOperatorProps) {
  const operatorId = dialog.draft?.id ?? "";
  const act = useAct(() => api.DELETE("/admin/operators/{operatorId}", { params: { path: { operatorId } } }), {
    dialog: { name: "disable-operator", draft: () => ({ id: operatorId }) },
    settledThen: disabled,
  });
  return (
    <ActDialog
      dialog={dialog}
      title={`Disable ${operators.find(({ id }) => id === operatorId)?.email ?? operatorId}`}
      act={act}
      label="Disable the operator"
      danger
      repeatable
      done={() => <p>They are signed out everywhere and cannot sign in again. Adding the same e-mail anew lets them in.</p>}
      curl={{ method: "DELETE", path: `/admin/operators/${operatorId}` }}
    >
      <p>Their sessions end with their next click, and they cannot sign in any more. What they did stays in the audit trail.</p>
      {operatorId === me.value?.id && <p class="notice warn">This is you: you will be signed out.</p>}
    </ActDialog>
  );
}
