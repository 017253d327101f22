import { CallDialog } from "../../../parts/ActDialog";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { DialogButton } from "../DialogButton";

export function UnlockButton({ userId, idle }: { userId: string; idle: boolean }) {
  return (
    <DialogButton name={`unlock ${userId}`} label="Unlock…" idle={idle}>
      {(dialog) => (
        <CallDialog
          dialog={dialog}
          title="Unlock the second factor"
          call={() => api.POST("/admin/users/{userId}/two-factor/unlock", { params: { path: { userId } } })}
          settledThen={refreshAll}
          label="Unlock"
          done="The person can enter a code again."
          repeatable
        >
          <p>
            The wrong codes are forgotten and the person can try again at once. The second factor stays on. Be sure that it is the
            person who asks: the lock is there against guessing.
          </p>
        </CallDialog>
      )}
    </DialogButton>
  );
}
