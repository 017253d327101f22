import { useState } from "preact/hooks";
import type { Role } from "../../contract";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { api } from "../../state/client";
import { RoleField } from "./RoleField";

interface AddOperatorProps {
  dialog: DialogState<{ role: Role }>;
  added: () => void;
}

export function AddOperator({ dialog, added }: AddOperatorProps) {
  // Typed again after a new sign-in: no storage holds an e-mail.
  const [email, setEmail] = useState("");
  const { role = "viewer" } = dialog.draft;
  const body = { email: email.trim(), role };
  return (
    <CallDialog
      dialog={dialog}
      title="Add an operator"
      call={() => api.POST("/admin/operators", { body })}
      settledThen={added}
      label="Add the operator"
      missing={/^[^@\s]+@[^@\s]+$/.test(body.email) ? null : "Give an e-mail"}
      repeatable
      done={({ role }) => (
        <p>They can sign in at once, with the role {role}. No mail is sent: tell them the console’s address.</p>
      )}
    >
      <TextField
        label="E-mail"
        type="email"
        value={email}
        maxLength={254}
        onChange={setEmail}
        hint="Of their work account, as the identity provider knows it."
      />
      <RoleField value={role} onChange={(role) => dialog.keep({ role })} />
    </CallDialog>
  );
}
