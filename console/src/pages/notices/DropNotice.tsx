import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { api } from "../../state/client";

/** The notice that the dialog is about. */
export type NoticeRow = { id: string };

interface DropNoticeProps {
  dialog: DialogState<NoticeRow>;
  dropped: () => void;
}

export function DropNotice({ dialog, dropped }: DropNoticeProps) {
  const noticeId = dialog.draft.id ?? "";
  return (
    <CallDialog
      dialog={dialog}
      title="Drop this notice"
      call={() => api.DELETE("/admin/notices/{noticeId}", { params: { path: { noticeId } } })}
      settledThen={dropped}
      label="Drop the notice"
      danger
      repeatable
      done="It will not be delivered."
    >
      <p>
        The person is never told what it says. Tell them otherwise if they have to know. The audit trail keeps that it was
        dropped.
      </p>
    </CallDialog>
  );
}
