import { useState } from "preact/hooks";
import type { DialogState } from "../../parts/Dialog";
import { ReasonField } from "../../parts/fields";
import { SecretDialog } from "../../parts/SecretDialog";
import { api } from "../../state/client";
import type { InstanceUserRow } from "./InstanceUsers";

interface ResetUserKeyProps {
  dialog: DialogState<InstanceUserRow>;
  name: string;
  changed: () => void;
}

export function ResetUserKey({ dialog, name, changed }: ResetUserKeyProps) {
  const id = String(dialog.draft.id);
  const [reason, setReason] = useState("");
  const body = { reason: reason.trim() };
  return (
    <SecretDialog
      dialog={dialog}
      title={`Reset the key of user ${id}`}
      what="user key"
      call={() => api.POST("/admin/instances/{name}/users/{id}/reset-key", { params: { path: { name, id } }, body })}
      settledThen={changed}
      secretOf={({ userKey }) => userKey}
      label="Reset the key"
      danger
      missing={body.reason === "" ? "Give a reason" : null}
    >
      <p>
        The present key is refused at once. The new one is shown here, once: hand it over in a way that only its user can read.
      </p>
      <ReasonField value={reason} onChange={setReason} />
    </SecretDialog>
  );
}
