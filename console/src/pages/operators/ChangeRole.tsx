import { useState } from "preact/hooks";
import type { Operator, Role } from "../../contract";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { RoleField, roleOf } from "./RoleField";

export type RoleChange = { id: string; role: Role };

interface ChangeRoleProps {
  dialog: DialogState<RoleChange>;
  operators: readonly Operator[];
  changed: () => void;
}

export function ChangeRole({ dialog, operators, changed }: ChangeRoleProps) {
  const operatorId = dialog.draft?.id ?? "";
  const operator = operators.find(({ id }) => id === operatorId);
  const [role, setRole] = useState(roleOf(dialog.draft?.role));
  const body = { role };
  const act = useAct(() => api.PUT("/admin/operators/{operatorId}", { params: { path: { operatorId } }, body }), {
    dialog: { name: "change-role", draft: () => ({ id: operatorId, role }) },
    settledThen: changed,
  });
  return (
    <ActDialog
      dialog={dialog}
      title={`Change the role of ${operator?.email ?? operatorId}`}
      act={act}
      label={`Make them ${role}`}
      missing={operator?.role === role ? "That is their role" : null}
      repeatable
      done={() => <p>It holds from their next click on.</p>}
      curl={{ method: "PUT", path: `/admin/operators/${operatorId}`, body }}
    >
      <RoleField value={role} onChange={setRole} />
    </ActDialog>
  );
}
