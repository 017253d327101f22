import { useState } from "preact/hooks";
import type { DialogState } from "../../parts/Dialog";
import { Checkbox, TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { api } from "../../state/client";
import { RIGHTS, type Right } from "./rights";

interface MakeInstanceKeyProps {
  dialog: DialogState<Partial<Record<Right, boolean>>>;
  name: string;
  made: () => void;
}

export function MakeInstanceKey({ dialog, name, made }: MakeInstanceKeyProps) {
  const rights = dialog.draft;
  const [label, setLabel] = useState("");
  const body = { ...rights, label: label.trim() || null };
  return (
    <SecretDialog
      dialog={dialog}
      title={`Make a key of ${name}`}
      what="instance key"
      call={() => api.POST("/admin/instances/{name}/api-keys", { params: { path: { name } }, body })}
      settledThen={made}
      secretOf={({ apiKey }) => apiKey}
      label="Make the key"
    >
      <fieldset>
        <legend>It may</legend>
        {RIGHTS.map(([right, text]) => (
          <Checkbox key={right} label={text} checked={rights[right] === true} onChange={(on) => dialog.keep({ [right]: on })} />
        ))}
      </fieldset>
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program has it." />
    </SecretDialog>
  );
}
