// "Provision now": the next run's work for this one user, at once, told step by step.

import { useEffect } from "preact/hooks";
import type { Provisioned } from "../../contract";
import { guidance } from "../../guidance";
import { words } from "../../lib/words";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { GuidanceText } from "../../parts/GuidanceText";
import type { Tone } from "../../parts/StateBadge";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import type { Draft } from "../../state/step-up";
import { DialogButton } from "./DialogButton";
import { Steps } from "./Steps";

interface ProvisionButtonProps {
  userId: string;
  primary: boolean;
  /** There is no user to provision. */
  idle: boolean;
  /** Why an attempt would be of no use. */
  blocked: string | undefined;
}

export function ProvisionButton({ userId, primary, idle, blocked }: ProvisionButtonProps) {
  return (
    <DialogButton name={`provision ${userId}`} label="Provision now" primary={primary} idle={idle} blocked={blocked}>
      {(dialog) => <ProvisionDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

/** Begins at once: it does what the next run would do anyway. */
function ProvisionDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const act = useAct<Provisioned>(() => api.POST("/admin/threedeye/users/{userId}/provision", { params: { path: { userId } } }), {
    settledThen: refreshAll,
  });
  useEffect(() => void act.run(), []);
  return (
    <ActDialog
      dialog={dialog}
      title="Provision this user"
      act={act}
      label="Provision again"
      repeatable
      heading={({ reason }) => (reason ? "Not finished" : "Done")}
      tone={({ reason }) => (reason ? "warn" : "good")}
      done={({ reason, steps, threedeyeUserId }) => (
        <>
          {!reason && threedeyeUserId && (
            <p>
              The account is <code>{threedeyeUserId}</code>.
            </p>
          )}
          <Steps
            steps={steps.map(({ name, outcome, detail }) => ({
              tone: TONES[outcome] ?? "calm",
              outcome: words(outcome),
              title: STEP_NAMES[name] ?? words(name),
              detail,
            }))}
          />
          {reason && <GuidanceText of={guidance.reason[reason]} />}
        </>
      )}
    >
      <p>What the next run would do for this user is done now: find the account or make it, then attach its cameras.</p>
    </ActDialog>
  );
}

const TONES: Readonly<Record<string, Tone>> = { done: "good", failed: "bad", skipped: "calm" };
const STEP_NAMES: Readonly<Record<string, string>> = {
  user: "User",
  list: "List of our accounts",
  account: "Account that we can open",
  roles: "Cameras",
};
