import { useState } from "preact/hooks";
import type { components } from "../../api";
import type { DialogState } from "../../parts/Dialog";
import { Select } from "../../parts/fields";
import { TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";

type AccountRole = components["schemas"]["AccountRole"];

const ROLES: readonly (readonly [AccountRole, string])[] = [
  ["read", "read: see users and keys"],
  ["write", "write: see and change them"],
  ["full", "full: everything"],
];

interface MakeAccountKeyProps {
  dialog: DialogState<Draft>;
  /** The instance whose keys are listed, if it is one. */
  instance: string;
  made: () => void;
}

export function MakeAccountKey({ dialog, instance, made }: MakeAccountKeyProps) {
  const draft = dialog.draft ?? {};
  const [name, setName] = useState(String(draft.instance ?? instance));
  const [role, setRole] = useState<AccountRole>(ROLES.find(([role]) => role === draft.role)?.[0] ?? "read");
  const [label, setLabel] = useState("");
  const body = { instance: name.trim(), role, label: label.trim() || null };
  const act = useAct(() => api.POST("/admin/account-keys", { body }), {
    dialog: { name: "make-account-key", draft: () => ({ instance: name, role }) },
    settledThen: made,
  });
  return (
    <SecretDialog
      dialog={dialog}
      title="Make an account key"
      what="account key"
      act={act}
      secretOf={({ accountKey }) => accountKey}
      label="Make the key"
      missing={body.instance === "" ? "Name the instance" : null}
      curl={{ method: "POST", path: "/admin/account-keys", body }}
    >
      <TextField label="Instance" value={name} maxLength={64} onChange={setName} />
      <Select label="It may" value={role} options={ROLES} onChange={setRole} />
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program or team has it." />
    </SecretDialog>
  );
}
