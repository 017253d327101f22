import type { Operator } from "../../contract";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
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
  const operatorId = dialog.draft.id ?? "";
  return (
    <CallDialog
      dialog={dialog}
      title={`Disable ${operators.find(({ id }) => id === operatorId)?.email ?? operatorId}`}
      call={() => api.DELETE("/admin/operators/{operatorId}", { params: { path: { operatorId } } })}
      settledThen={disabled}
      label="Disable the operator"
      danger
      repeatable
      done="They are signed out everywhere and cannot sign in again. Adding the same e-mail anew lets them in."
    >
      <p>Their sessions end, and they cannot sign in any more. What they did stays in the audit trail.</p>
      {operatorId === me.value?.id && <p class="notice warn">This is you: you will be signed out.</p>}
    </CallDialog>
  );
}
