import { useState } from "preact/hooks";
import type { DialogState } from "../../parts/Dialog";
import { Checkbox, TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";
import { RIGHTS } from "./rights";

interface MakeInstanceKeyProps {
  dialog: DialogState<Draft>;
  name: string;
  made: () => void;
}

export function MakeInstanceKey({ dialog, name, made }: MakeInstanceKeyProps) {
  const [rights, setRights] = useState(() => ({
    ignoreAcl: dialog.draft?.ignoreAcl === true,
    allowAnonymousRead: dialog.draft?.allowAnonymousRead === true,
    allowUserCreate: dialog.draft?.allowUserCreate === true,
    allowGroupCreate: dialog.draft?.allowGroupCreate === true,
  }));
  const [label, setLabel] = useState("");
  const body = { ...rights, label: label.trim() || null };
  const act = useAct(() => api.POST("/admin/instances/{name}/api-keys", { params: { path: { name } }, body }), {
    dialog: { name: `make-instance-key ${name}`, draft: () => rights },
    settledThen: made,
  });
  return (
    <SecretDialog
      dialog={dialog}
      title={`Make a key of ${name}`}
      what="instance key"
      act={act}
      secretOf={({ apiKey }) => apiKey}
      label="Make the key"
      curl={{ method: "POST", path: `/admin/instances/${encodeURIComponent(name)}/api-keys`, body }}
    >
      <fieldset>
        <legend>It may</legend>
        {RIGHTS.map(([right, text]) => (
          <Checkbox key={right} label={text} checked={rights[right]} onChange={(on) => setRights({ ...rights, [right]: on })} />
        ))}
      </fieldset>
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program has it." />
    </SecretDialog>
  );
}
