import { useState } from "preact/hooks";
import type { DialogState } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { api } from "../../state/client";

interface MakeInstanceUserProps {
  dialog: DialogState<{ userId: string }>;
  name: string;
  made: () => void;
}

export function MakeInstanceUser({ dialog, name, made }: MakeInstanceUserProps) {
  const [username, setUsername] = useState("");
  const { userId = "" } = dialog.draft;
  const body = { username: username.trim(), userId: userId.trim() || null };
  return (
    <SecretDialog
      dialog={dialog}
      title={`Make a user of ${name}`}
      what="user key"
      call={() => api.POST("/admin/instances/{name}/users", { params: { path: { name } }, body })}
      settledThen={made}
      secretOf={({ userKey }) => userKey}
      label="Make the user"
      missing={body.username === "" ? "Give a name" : null}
    >
      <TextField label="Name" value={username} onChange={setUsername} hint="As the instance’s programs know the user." />
      <TextField
        label="Person’s user id"
        value={userId}
        onChange={(userId) => dialog.keep({ userId })}
        hint="The person whose login this is. Empty: none."
      />
    </SecretDialog>
  );
}
