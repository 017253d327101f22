import type { UserDetail } from "../../../contract";
import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import type { Draft } from "../../../state/step-up";
import { DialogButton } from "../DialogButton";

export const PLATFORMS: Readonly<Record<string, string>> = { ios: "iOS", android: "Android", web: "Web" };

interface TokenProps {
  userId: string;
  token: UserDetail["pushTokens"][number];
}

export function RemovePushTokenButton(props: TokenProps) {
  return (
    <DialogButton name={`push-token ${props.token.id}`} label="Remove…">
      {(dialog) => <RemoveDialog {...props} dialog={dialog} />}
    </DialogButton>
  );
}

function RemoveDialog({ userId, token, dialog }: TokenProps & { dialog: DialogState<Draft> }) {
  const act = useAct(() => api.DELETE("/admin/users/{userId}/push-tokens/{id}", { params: { path: { userId, id: token.id } } }));
  const close = () => {
    dialog.close();
    // Only now: the row that holds this dialog goes with it.
    if (act.state.kind !== "idle") refreshAll();
  };
  return (
    <ActDialog
      act={act}
      dialog={{ ...dialog, close }}
      title="Remove this device"
      label="Remove the device"
      done="The device is removed."
      repeatable
    >
      <p>
        The {PLATFORMS[token.platform] ?? token.platform} device gets no push messages any more until the app registers it again,
        which it does at its next start if the person is signed in.
      </p>
    </ActDialog>
  );
}
