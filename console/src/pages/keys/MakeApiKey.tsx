import { useState } from "preact/hooks";
import type { components } from "../../api";
import { momentOf, zoneName } from "../../lib/time";
import { now } from "../../parts/clock";
import type { DialogState } from "../../parts/Dialog";
import { Checkbox, TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { api } from "../../state/client";
import { utc } from "../../state/preferences";

type Scope = components["schemas"]["Scope"];

const SCOPES: Record<Scope, string> = {
  "threedeye:read": "Reads a person’s 3dEye credentials",
  "user:write": "Manages a person’s push tokens",
  "user:verify": "Verifies a person’s second factor, for the sign-in service",
  "metrics:read": "Reads the service’s metrics",
};

type Draft = Partial<Record<Scope, boolean>> & { userId?: string; expires?: string };

interface MakeApiKeyProps {
  dialog: DialogState<Draft>;
  made: () => void;
}

export function MakeApiKey({ dialog, made }: MakeApiKeyProps) {
  const { userId = "", expires = "", ...ticked } = dialog.draft;
  const [label, setLabel] = useState("");
  const all = Object.keys(SCOPES) as Scope[];
  const body = {
    scopes: all.filter((scope) => ticked[scope]),
    userId: userId.trim() || null,
    label: label.trim() || null,
    expiresAt: momentOf(expires, utc.value),
  };
  return (
    <SecretDialog
      dialog={dialog}
      title="Make an API key"
      what="API key"
      call={() => api.POST("/admin/api-keys", { body })}
      settledThen={made}
      secretOf={({ key }) => key}
      label="Make the key"
      missing={body.scopes.length === 0 ? "Choose what it may do" : null}
    >
      <fieldset>
        <legend>It may</legend>
        {all.map((scope) => (
          <Checkbox
            key={scope}
            label={SCOPES[scope]}
            hint={scope}
            checked={ticked[scope] === true}
            onChange={(checked) => dialog.keep({ [scope]: checked })}
          />
        ))}
      </fieldset>
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program has it." />
      <TextField
        label="Only for this user id"
        value={userId}
        onChange={(userId) => dialog.keep({ userId })}
        hint="Empty: for every user. Give one wherever a single person’s data will do."
      />
      <TextField
        label="Expires"
        type="datetime-local"
        value={expires}
        onChange={(expires) => dialog.keep({ expires })}
        hint={`Empty: never. In ${utc.value ? "UTC" : zoneName(now.value)}.`}
      />
    </SecretDialog>
  );
}
