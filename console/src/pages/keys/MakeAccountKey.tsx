import { useState } from "preact/hooks";
import type { components } from "../../api";
import type { DialogState } from "../../parts/Dialog";
import { Select } from "../../parts/fields";
import { TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { api } from "../../state/client";

type Draft = { instance: string; role: components["schemas"]["AccountRole"] };

const ROLES: readonly (readonly [Draft["role"], string])[] = [
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

export function MakeAccountKey({ dialog, instance: listed, made }: MakeAccountKeyProps) {
  const { instance = listed, role = "read" } = dialog.draft;
  const [label, setLabel] = useState("");
  const body = { instance: instance.trim(), role, label: label.trim() || null };
  return (
    <SecretDialog
      dialog={dialog}
      title="Make an account key"
      what="account key"
      call={() => api.POST("/admin/account-keys", { body })}
      settledThen={made}
      secretOf={({ accountKey }) => accountKey}
      label="Make the key"
      missing={body.instance === "" ? "Name the instance" : null}
    >
      <TextField label="Instance" value={instance} maxLength={64} onChange={(instance) => dialog.keep({ instance })} />
      <Select label="It may" value={role} options={ROLES} onChange={(role) => dialog.keep({ role })} />
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program or team has it." />
    </SecretDialog>
  );
}
