import { useState } from "preact/hooks";
import { CallDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { ReasonField, Select } from "../../../parts/fields";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { DialogButton } from "../DialogButton";

const VERIFIED_BY = {
  // First, as it claims nothing that was not chosen.
  other: "Another way, told in the reason",
  callback: "Called back at a known number",
  video: "Video call",
  in_person: "In person",
} as const;
type VerifiedBy = keyof typeof VERIFIED_BY;
type Draft = { verifiedBy: VerifiedBy };

export function TurnOffButton({ userId, idle }: { userId: string; idle: boolean }) {
  return (
    <DialogButton<Draft> name={`turn-off ${userId}`} label="Turn off second factor" idle={idle}>
      {(dialog) => <TurnOffDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

function TurnOffDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const [reason, setReason] = useState("");
  const { verifiedBy = "other" } = dialog.draft;
  const body = { reason: reason.trim(), verifiedBy };
  return (
    <CallDialog
      dialog={dialog}
      title="Turn off the second factor"
      call={() => api.POST("/admin/users/{userId}/two-factor/disable", { params: { path: { userId } }, body })}
      settledThen={refreshAll}
      label="Turn it off"
      danger
      missing={body.reason === "" ? "Give a reason" : null}
      done="The second factor is off, and the person is told."
      repeatable
    >
      <p>
        From then on the password alone lets a person in, until a second factor is set up again. The backup codes go with it. The
        person is told by e-mail. Be sure that it is the person who asks.
      </p>
      <Select
        label="How did you make sure?"
        value={verifiedBy}
        options={Object.entries(VERIFIED_BY) as [VerifiedBy, string][]}
        onChange={(verifiedBy) => dialog.keep({ verifiedBy })}
      />
      <ReasonField value={reason} onChange={setReason} />
    </CallDialog>
  );
}
