import type { Operator, Role } from "../../contract";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { api } from "../../state/client";
import { RoleField } from "./RoleField";

export type RoleChange = { id: string; role: Role };

interface ChangeRoleProps {
  dialog: DialogState<RoleChange>;
  operators: readonly Operator[];
  changed: () => void;
}

export function ChangeRole({ dialog, operators, changed }: ChangeRoleProps) {
  const { id: operatorId = "", role = "viewer" } = dialog.draft;
  const operator = operators.find(({ id }) => id === operatorId);
  return (
    <CallDialog
      dialog={dialog}
      title={`Change the role of ${operator?.email ?? operatorId}`}
      call={() => api.PUT("/admin/operators/{operatorId}", { params: { path: { operatorId } }, body: { role } })}
      settledThen={changed}
      label={`Make them ${role}`}
      missing={operator?.role === role ? "That is their role" : null}
      repeatable
      done="It holds from their next click on."
    >
      <RoleField value={role} onChange={(role) => dialog.keep({ role })} />
    </CallDialog>
  );
}
