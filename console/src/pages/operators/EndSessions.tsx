import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { api } from "../../state/client";
import { operator as me } from "../../state/session";
import type { Draft } from "../../state/step-up";

interface EndSessionsProps {
  dialog: DialogState<Draft>;
  operatorId: string;
  ended: () => void;
}

export function EndSessions({ dialog, operatorId, ended }: EndSessionsProps) {
  return (
    <CallDialog
      dialog={dialog}
      title="Sign them out everywhere"
      call={() => api.DELETE("/admin/operators/{operatorId}/sessions", { params: { path: { operatorId } } })}
      settledThen={ended}
      label="Sign out everywhere"
      danger
      repeatable
      done="All their sessions have ended."
    >
      <p>Their next click asks them to sign in again.</p>
      {operatorId === me.value?.id && <p class="notice warn">This is you: you will be signed out here, too.</p>}
    </CallDialog>
  );
}
