// "Provision now": the next run's work for this one user, at once, told step by step.

import { useEffect } from "preact/hooks";
import type { Provisioned } from "../../contract";
import { guidance } from "../../guidance";
import { words } from "../../lib/words";
import { ActPanel } from "../../parts/ActPanel";
import { CurlButton } from "../../parts/CopyButton";
import { Dialog, type DialogState } from "../../parts/Dialog";
import { GuidanceText } from "../../parts/GuidanceText";
import type { Tone } from "../../parts/StateBadge";
import { type Act, useAct } from "../../state/act";
import { api } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import type { Draft } from "../../state/step-up";
import { DialogButton } from "./DialogButton";
import { Steps } from "./Steps";

export const useProvision = (userId: string): Act<Provisioned> =>
  useAct<Provisioned>(() => api.POST("/admin/threedeye/users/{userId}/provision", { params: { path: { userId } } }), {
    settledThen: refreshAll,
  });

interface ProvisionButtonProps {
  userId: string;
  primary: boolean;
  /** There is no user to provision. */
  idle: boolean;
}

export function ProvisionButton({ userId, primary, idle }: ProvisionButtonProps) {
  return (
    <DialogButton name={`provision ${userId}`} label="Provision now" primary={primary} idle={idle}>
      {(dialog) => <ProvisionDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

/** Begins at once: it does what the next run would do anyway. */
function ProvisionDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const act = useProvision(userId);
  useEffect(() => void act.run(), []);
  return (
    <Dialog dialog={dialog} title="Provision this user" busy={act.state.kind === "running"}>
      <p>What the next run would do for this user is done now: find the account or make it, then attach its cameras.</p>
      <ProvisionPanel act={act} label="Provision again" close={dialog.close} />
      <p class="row">
        <CurlButton {...act.call} />
      </p>
    </Dialog>
  );
}

interface ProvisionPanelProps {
  act: Act<Provisioned>;
  label: string;
  close: () => void;
}

export function ProvisionPanel({ act, label, close }: ProvisionPanelProps) {
  return (
    <ActPanel
      act={act}
      label={label}
      repeatable
      advice={(status) => (status === 409 ? "Another attempt is under way. Wait until it ends, then look again." : undefined)}
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
      close={close}
    />
  );
}

const TONES: Readonly<Record<string, Tone>> = { done: "good", failed: "bad", skipped: "calm" };
const STEP_NAMES: Readonly<Record<string, string>> = {
  user: "User",
  list: "List of our customer",
  account: "Account that we can open",
  roles: "Cameras",
};
