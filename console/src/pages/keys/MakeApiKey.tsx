import { useState } from "preact/hooks";
import type { components } from "../../api";
import { momentOf, zoneName } from "../../lib/time";
import { now } from "../../parts/clock";
import type { DialogState } from "../../parts/Dialog";
import { Checkbox, TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { utc } from "../../state/preferences";
import type { Draft } from "../../state/step-up";

type Scope = components["schemas"]["Scope"];

const SCOPES: Record<Scope, string> = {
  "threedeye:read": "Reads a person’s 3dEye credentials",
  "user:write": "Manages a person’s push tokens",
  "user:verify": "Verifies a person’s second factor, for the sign-in service",
};

interface MakeApiKeyProps {
  dialog: DialogState<Draft>;
  made: () => void;
}

export function MakeApiKey({ dialog, made }: MakeApiKeyProps) {
  const draft = dialog.draft ?? {};
  const [scopes, setScopes] = useState<readonly Scope[]>(() =>
    (Object.keys(SCOPES) as Scope[]).filter((scope) => draft[scope] === true),
  );
  const [userId, setUserId] = useState(String(draft.userId ?? ""));
  const [label, setLabel] = useState("");
  const [expires, setExpires] = useState(String(draft.expires ?? ""));
  const body = {
    scopes: [...scopes],
    userId: userId.trim() || null,
    label: label.trim() || null,
    expiresAt: momentOf(expires, utc.value),
  };
  const act = useAct(() => api.POST("/admin/api-keys", { body }), {
    dialog: {
      name: "make-api-key",
      draft: () => ({ userId, expires, ...Object.fromEntries(scopes.map((scope) => [scope, true])) }),
    },
    settledThen: made,
  });
  return (
    <SecretDialog
      dialog={dialog}
      title="Make an API key"
      what="API key"
      act={act}
      secretOf={({ key }) => key}
      label="Make the key"
      missing={scopes.length === 0 ? "Choose what it may do" : null}
      curl={{ method: "POST", path: "/admin/api-keys", body }}
    >
      <fieldset>
        <legend>It may</legend>
        {(Object.keys(SCOPES) as Scope[]).map((scope) => (
          <Checkbox
            key={scope}
            label={SCOPES[scope]}
            hint={scope}
            checked={scopes.includes(scope)}
            onChange={(checked) => setScopes(checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))}
          />
        ))}
      </fieldset>
      <TextField label="Label" value={label} maxLength={100} onChange={setLabel} hint="Which program has it." />
      <TextField
        label="Only for this user id"
        value={userId}
        onChange={setUserId}
        hint="Empty: for every user. Give one wherever a single person’s data will do."
      />
      <TextField
        label="Expires"
        type="datetime-local"
        value={expires}
        onChange={setExpires}
        hint={`Empty: never. In ${utc.value ? "UTC" : zoneName(now.value)}.`}
      />
    </SecretDialog>
  );
}
