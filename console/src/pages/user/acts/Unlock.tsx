import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import type { Draft } from "../../../state/step-up";
import { DialogButton } from "../DialogButton";

export function UnlockButton({ userId, idle }: { userId: string; idle: boolean }) {
  return (
    <DialogButton name={`unlock ${userId}`} label="Unlock…" idle={idle}>
      {(dialog) => <UnlockDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

function UnlockDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const act = useAct(() => api.POST("/admin/users/{userId}/two-factor/unlock", { params: { path: { userId } } }), {
    dialog: { name: `unlock ${userId}`, draft: () => ({}) },
    settledThen: refreshAll,
  });
  return (
    <ActDialog
      act={act}
      dialog={dialog}
      title="Unlock the second factor"
      label="Unlock"
      done={() => <p>The person can enter a code again.</p>}
      repeatable
      curl={{ method: "POST", path: `/admin/users/${encodeURIComponent(userId)}/two-factor/unlock` }}
    >
      <p>
        The wrong codes are forgotten and the person can try again at once. The second factor stays on. Be sure that it is the
        person who asks: the lock is there against guessing.
      </p>
    </ActDialog>
  );
}
