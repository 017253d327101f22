import { download } from "../../../lib/download";
import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import type { Draft } from "../../../state/step-up";
import { DialogButton } from "../DialogButton";

export function ExportButton({ userId }: { userId: string }) {
  return (
    <DialogButton name={`export ${userId}`} label="Export…">
      {(dialog) => <ExportDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

function ExportDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const act = useAct(() => api.GET("/admin/users/{userId}/export", { params: { path: { userId } } }), {
    dialog,
    done: (data) => download([JSON.stringify(data, null, 2)], `user-${userId}.json`, "application/json"),
  });
  return (
    <ActDialog
      act={act}
      dialog={dialog}
      title="Export all that is stored about this person"
      label="Save the file"
      done={({ nextAuditBefore }) => (
        <p>
          The file is among your downloads.
          {nextAuditBefore !== null && " It holds the newest part of the history; the rest is under Audit."}
        </p>
      )}
    >
      <p>
        A JSON file with the person’s data, secrets left out: for a request by the person, not for a ticket. That you took it is
        kept in the audit trail.
      </p>
    </ActDialog>
  );
}
