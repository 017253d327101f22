import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { ConfirmText, isTyped } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { InstanceUserRow } from "./InstanceUsers";

interface DeleteInstanceUserProps {
  dialog: DialogState<InstanceUserRow>;
  name: string;
  deleted: () => void;
}

export function DeleteInstanceUser({ dialog, name, deleted }: DeleteInstanceUserProps) {
  const id = dialog.draft?.id ?? 0;
  const [typed, setTyped] = useState("");
  const act = useAct(() => api.DELETE("/admin/instances/{name}/users/{id}", { params: { path: { name, id: String(id) } } }), {
    dialog: { name: `delete-instance-user ${name}`, draft: () => ({ id }) },
    settledThen: deleted,
  });
  return (
    <ActDialog
      dialog={dialog}
      title={`Delete user ${id} of ${name}`}
      act={act}
      label="Delete the user"
      danger
      missing={isTyped(String(id), typed) ? null : "Type the text first"}
      repeatable
      done={() => <p>The user and its key are gone.</p>}
      curl={{ method: "DELETE", path: `/admin/instances/${encodeURIComponent(name)}/users/${id}` }}
    >
      <ConfirmText
        expected={String(id)}
        value={typed}
        onChange={setTyped}
        loses="The user and its key are gone for good. The person they are tied to stays."
      />
    </ActDialog>
  );
}
