// "Reset…": a preview, a reason, then exactly what the preview showed.

import { useRef, useState } from "preact/hooks";
import type { components } from "../../api";
import type { ResetPlan, UserDetail } from "../../contract";
import { withoutAnswer } from "../../lib/failure";
import { ActDialog } from "../../parts/ActDialog";
import { Choices } from "../../parts/Choices";
import type { DialogState } from "../../parts/Dialog";
import { FailureNotice } from "../../parts/FailureNotice";
import { ConfirmText, isTyped, ReasonField } from "../../parts/fields";
import { Skeleton } from "../../parts/Panel";
import { StateBadge } from "../../parts/StateBadge";
import { Time } from "../../parts/Time";
import { useAct } from "../../state/act";
import { api, type Call } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";
import { may } from "../../state/session";
import { Ids } from "./Check";
import { DialogButton } from "./DialogButton";
import { attachedAgain, Preview } from "./ResetPreview";
import { BODIES, buttonOf, usualWay, WAYS, type Way } from "./reset-ways";

type Result = components["schemas"]["ResetResult"];

type Draft = { way: Way };

interface ResetButtonProps {
  user: UserDetail;
  primary: boolean;
  /** There is nothing to reset. */
  idle: boolean;
}

export function ResetButton({ user, primary, idle }: ResetButtonProps) {
  return (
    <DialogButton<Draft> name={`reset ${user.userId}`} label="Reset…" primary={primary} idle={idle}>
      {(dialog) => <ResetDialog user={user} dialog={dialog} />}
    </DialogButton>
  );
}

/** What is sent; the same again when it has to be sent twice. */
interface Order {
  plan: ResetPlan | undefined;
  reason: string;
}

function ResetDialog({ user, dialog }: { user: UserDetail; dialog: DialogState<Draft> }) {
  const { userId } = user;
  // What is read of the user meanwhile must not change the choice.
  const [usual] = useState(() => usualWay(user));
  const { way = usual } = dialog.draft;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState<Order | null>(null);
  const order = useRef<Order | null>(null);
  const lostOnce = useRef(false);

  const previewed = callOf<ResetPlan>(userId, way, null);
  const preview = useResource(sent ? null : `reset ${userId} ${way}`, () => previewed);
  const plan = sent?.plan ?? preview.data;
  const act = useAct(() => callOf<Result>(userId, way, order.current ?? { plan, reason: reason.trim() || "why" }), {
    dialog,
    settledThen: refreshAll,
  });
  const begin = async () => {
    if (!order.current) {
      if (!plan) return;
      order.current = { plan, reason: reason.trim() };
      setSent(order.current);
    }
    await act.run();
  };
  const lookAgain = () => {
    order.current = null;
    lostOnce.current = false;
    setSent(null);
    act.reset();
  };
  const { kind } = act.state;
  if (kind === "unknown") lostOnce.current = true;
  const outdated = act.state.kind === "failed" && act.state.failure.status === 409 && act.state.failure.kind === "refused";

  return (
    <ActDialog
      dialog={dialog}
      title="Reset this user"
      act={{ ...act, run: begin }}
      label={buttonOf(way, plan?.remote.deletes.length)}
      danger={way !== "forget"}
      missing={outdated ? "Look again first" : missing(plan, reason, typed)}
      repeatable
      heading={({ reprovision: { error } }) => (error ? "Done in part" : "Done")}
      tone={({ reprovision: { error } }) => (error ? "warn" : "good")}
      done={(result) => (
        <Outcome userId={userId} result={result} keeps={plan ? attachedAgain(plan, way !== "lose") : []} close={dialog.close} />
      )}
      advice={() => <Advice outdated={outdated} sentTwice={lostOnce.current} lookAgain={lookAgain} />}
      curl={plan ? act.call : previewed}
    >
      <Choices
        legend="What should it do?"
        value={way}
        choices={choices()}
        disabled={kind !== "idle"}
        onChange={(way) => dialog.keep({ way })}
      />
      {preview.failure && !sent ? (
        <FailureNotice failure={asRead(preview.failure)} retry={preview.refresh} />
      ) : plan ? (
        kind !== "unknown" && <Preview plan={plan} keeps={way !== "lose"} lookAgain={sent ? undefined : preview.refresh} />
      ) : (
        <Skeleton lines={4} />
      )}
      {plan && kind === "idle" && (
        <>
          <ReasonField value={reason} onChange={setReason} />
          {plan.needs.typed !== null && (
            <ConfirmText
              expected={plan.needs.typed}
              value={typed}
              onChange={setTyped}
              loses="Only 3dEye’s support can bring the cameras back. These are the last characters of the user’s id."
            />
          )}
        </>
      )}
      {kind === "unknown" && <OnRecord user={user} />}
    </ActDialog>
  );
}

/** Without an order it is a preview. */
function callOf<T extends Result | ResetPlan>(userId: string, way: Way, order: Order | null): Call<T> {
  return api.POST("/admin/threedeye/users/{userId}/reset", {
    params: { path: { userId }, query: order ? {} : { dryRun: true } },
    body: { ...BODIES[way], plan: order?.plan?.plan, reason: order?.reason },
  }) as Call<T>;
}

/** A preview changes nothing, so there is no unknown outcome. */
const asRead = (failure: Parameters<typeof FailureNotice>[0]["failure"]) =>
  failure.kind === "unknown_outcome" ? withoutAnswer("GET") : failure;

const choices = () =>
  (Object.keys(WAYS) as Way[]).map((value) => {
    const { title, effect, least } = WAYS[value];
    const disabled = !may(least);
    return { value, label: title, hint: disabled ? `${effect} Takes the role ${least}.` : effect, disabled };
  });

/** Why the button cannot be used yet. */
function missing(plan: ResetPlan | undefined, reason: string, typed: string): string | null {
  if (!plan) return "Wait for the preview";
  if (!plan.remote.complete) return "The list at 3dEye could not be read to its end";
  if (!may(plan.needs.role)) return `Takes the role ${plan.needs.role}`;
  if (reason.trim() === "") return "Give a reason";
  return isTyped(plan.needs.typed, typed) ? null : "Type the characters to confirm";
}

interface OutcomeProps {
  userId: string;
  result: Result;
  /** The cameras to be attached again. */
  keeps: readonly string[];
  close: () => void;
}

function Outcome({ userId, result: { remote, reprovision }, keeps, close }: OutcomeProps) {
  return (
    <>
      {remote.deletedThreedeyeUserId && (
        <p>
          Deleted at 3dEye: account <code>{remote.deletedThreedeyeUserId}</code>.
        </p>
      )}
      {reprovision.threedeyeUserId && (
        <p>
          The account is now <code>{reprovision.threedeyeUserId}</code>.
        </p>
      )}
      {reprovision.error && (
        <p>
          The account could not be made yet: {reprovision.error}. “What happens next” on the page says how it goes on.
          {keeps.length > 0 && (
            <>
              {" "}
              Saved, to be attached again: <Ids of={keeps} />.
            </>
          )}
        </p>
      )}
      <p>
        <a href={href(["users", userId, "history"])} onClick={close}>
          It is in the history
        </a>
      </p>
    </>
  );
}

/** After a lost answer: what the service says about the user by now. */
function OnRecord({ user: { provisioning } }: { user: UserDetail }) {
  return (
    <p>
      On record by now: <StateBadge {...provisioning} />
      {provisioning.threedeyeUserId && (
        <>
          {" "}
          account <code>{provisioning.threedeyeUserId}</code>
        </>
      )}
      {provisioning.updatedAt && (
        <>
          , changed at <Time at={provisioning.updatedAt} relative />
        </>
      )}
    </p>
  );
}

interface AdviceProps {
  outdated: boolean;
  sentTwice: boolean;
  lookAgain: () => void;
}

function Advice({ outdated, sentTwice, lookAgain }: AdviceProps) {
  let text = "It may have changed what the preview showed.";
  // The first request may have been lost on its way, and the user changed by another actor.
  if (outdated)
    text = sentTwice
      ? "Nothing was done this time. The history tells whether the first request took effect."
      : "Nothing was done.";
  return (
    <>
      {text}{" "}
      <button type="button" onClick={lookAgain}>
        Look again
      </button>
    </>
  );
}
