import { useState } from "preact/hooks";
import { kept } from "../../../lib/kept";
import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { ReasonField, Select } from "../../../parts/fields";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { DialogButton } from "../DialogButton";

const VERIFIED_BY = {
  callback: "Called back at a known number",
  video: "Video call",
  in_person: "In person",
  other: "Another way, told in the reason",
} as const;
type VerifiedBy = keyof typeof VERIFIED_BY;

interface TurnOffDraft extends Record<string, string> {
  reason: string;
  verifiedBy: VerifiedBy;
}

export function TurnOffButton({ userId, idle }: { userId: string; idle: boolean }) {
  return (
    <DialogButton<TurnOffDraft> name={`turn-off ${userId}`} label="Turn off second factor" idle={idle}>
      {(dialog) => <TurnOffDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

function TurnOffDialog({ userId, dialog }: { userId: string; dialog: DialogState<TurnOffDraft> }) {
  const [reason, setReason] = useState(dialog.draft?.reason ?? "");
  const [verifiedBy, setVerifiedBy] = useState<VerifiedBy>(dialog.draft?.verifiedBy ?? "callback");
  const body = { reason: reason.trim(), verifiedBy };
  const act = useAct(() => api.POST("/admin/users/{userId}/two-factor/disable", { params: { path: { userId } }, body }), {
    dialog: { name: `turn-off ${userId}`, draft: (): TurnOffDraft => ({ reason: kept(reason), verifiedBy }) },
    settledThen: refreshAll,
  });
  return (
    <ActDialog
      act={act}
      dialog={dialog}
      title="Turn off the second factor"
      label="Turn it off"
      danger
      missing={body.reason === "" ? "Give a reason" : null}
      done={() => <p>The second factor is off, and the person is told.</p>}
      advice={(status) => (status === 409 ? "It is your own: that is another operator’s to turn off." : undefined)}
      repeatable
      curl={{ method: "POST", path: `/admin/users/${encodeURIComponent(userId)}/two-factor/disable`, body }}
    >
      <p>
        From then on the password alone lets a person in, until a second factor is set up again. The backup codes go with it. The
        person is told by e-mail. Be sure that it is the person who asks.
      </p>
      <Select
        label="How did you make sure?"
        value={verifiedBy}
        options={Object.entries(VERIFIED_BY) as [VerifiedBy, string][]}
        onChange={setVerifiedBy}
      />
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
