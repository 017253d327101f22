import { useState } from "preact/hooks";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { ConfirmText, isTyped } from "../../parts/fields";
import { api } from "../../state/client";
import type { InstanceUserRow } from "./InstanceUsers";

interface DeleteInstanceUserProps {
  dialog: DialogState<InstanceUserRow>;
  name: string;
  deleted: () => void;
}

export function DeleteInstanceUser({ dialog, name, deleted }: DeleteInstanceUserProps) {
  const id = String(dialog.draft.id);
  const [typed, setTyped] = useState("");
  return (
    <CallDialog
      dialog={dialog}
      title={`Delete user ${id} of ${name}`}
      call={() => api.DELETE("/admin/instances/{name}/users/{id}", { params: { path: { name, id } } })}
      settledThen={deleted}
      label="Delete the user"
      danger
      missing={isTyped(id, typed) ? null : "Type the text first"}
      repeatable
      done="The user and its key are gone."
    >
      <ConfirmText
        expected={id}
        value={typed}
        onChange={setTyped}
        loses="The user and its key are gone for good. The person they are tied to stays."
      />
    </CallDialog>
  );
}
