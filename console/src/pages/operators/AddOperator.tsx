import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";
import { RoleField, roleOf } from "./RoleField";

interface AddOperatorProps {
  dialog: DialogState<Draft>;
  added: () => void;
}

export function AddOperator({ dialog, added }: AddOperatorProps) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState(roleOf(dialog.draft?.role));
  const body = { email: email.trim(), role };
  const act = useAct(() => api.POST("/admin/operators", { body }), {
    // The e-mail is typed again: no storage holds one.
    dialog: { name: "add-operator", draft: () => ({ role }) },
    settledThen: added,
  });
  return (
    <ActDialog
      dialog={dialog}
      title="Add an operator"
      act={act}
      label="Add the operator"
      missing={/^[^@\s]+@[^@\s]+$/.test(body.email) ? null : "Give an e-mail"}
      repeatable
      done={({ role }) => (
        <p>They can sign in at once, with the role {role}. No mail is sent: tell them the console’s address.</p>
      )}
      curl={{ method: "POST", path: "/admin/operators", body }}
    >
      <TextField
        label="E-mail"
        type="email"
        value={email}
        maxLength={254}
        onChange={setEmail}
        hint="Of their work account, as the identity provider knows it."
      />
      <RoleField value={role} onChange={setRole} />
    </ActDialog>
  );
}
