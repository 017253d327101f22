import { useState } from "preact/hooks";
import type { DialogState } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { SecretDialog } from "../../parts/SecretDialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import type { Draft } from "../../state/step-up";

interface MakeInstanceUserProps {
  dialog: DialogState<Draft>;
  name: string;
  made: () => void;
}

export function MakeInstanceUser({ dialog, name, made }: MakeInstanceUserProps) {
  const [username, setUsername] = useState("");
  const [userId, setUserId] = useState(String(dialog.draft?.userId ?? ""));
  const body = { username: username.trim(), userId: userId.trim() || null };
  const act = useAct(() => api.POST("/admin/instances/{name}/users", { params: { path: { name } }, body }), {
    dialog: { name: `make-instance-user ${name}`, draft: () => ({ userId }) },
    settledThen: made,
  });
  return (
    <SecretDialog
      dialog={dialog}
      title={`Make a user of ${name}`}
      what="user key"
      act={act}
      secretOf={({ userKey }) => userKey}
      label="Make the user"
      missing={body.username === "" ? "Give a name" : null}
      curl={{ method: "POST", path: `/admin/instances/${encodeURIComponent(name)}/users`, body }}
    >
      <TextField label="Name" value={username} onChange={setUsername} hint="As the instance’s programs know the user." />
      <TextField
        label="Person’s user id"
        value={userId}
        onChange={setUserId}
        hint="The id of the user in our database that this one belongs to. Leave it empty for none."
      />
    </SecretDialog>
  );
}
