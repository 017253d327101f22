import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { useAct } from "../../state/act";
import { api } from "../../state/client";

/** The notice that the dialog is about. */
export type NoticeRow = { id: string };

interface DropNoticeProps {
  dialog: DialogState<NoticeRow>;
  dropped: () => void;
}

export function DropNotice({ dialog, dropped }: DropNoticeProps) {
  const noticeId = dialog.draft?.id ?? "";
  const act = useAct(() => api.DELETE("/admin/notices/{noticeId}", { params: { path: { noticeId } } }), {
    settledThen: dropped,
  });
  return (
    <ActDialog
      dialog={dialog}
      title="Drop this notice"
      act={act}
      label="Drop the notice"
      danger
      repeatable
      done={() => <p>It will not be delivered.</p>}
      curl={{ method: "DELETE", path: `/admin/notices/${encodeURIComponent(noticeId)}` }}
    >
      <p>
        The person is never told what it says. Tell them otherwise if they have to know. The audit trail keeps that it was
        dropped.
      </p>
    </ActDialog>
  );
}
