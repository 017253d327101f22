// An e-mail or a phone number: masked, until it is asked for with a reason, for a minute.

import { useEffect, useRef, useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import { CopyButton } from "../../parts/CopyButton";
import { useCountdown } from "../../parts/clock";
import { useDialog } from "../../parts/Dialog";
import { FailureNotice } from "../../parts/FailureNotice";
import { ReasonField } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { may } from "../../state/session";

const SHOWN_MS = 60_000;

/** Asked for once a user and session: the reasons given so far, by user. */
const reasons = new Map<string, string>();

type Field = "email" | "phone";
const NAMES: Record<Field, string> = { email: "e-mail", phone: "phone number" };

interface PersonalProps {
  userId: string;
  field: Field;
  masked: string | null;
  none: string;
}

export function Personal({ userId, field, masked, none }: PersonalProps) {
  const [shown, setShown] = useState<{ text: string; until: Date } | null>(null);
  const [reason, setReason] = useState("");
  const dialog = useDialog(`reveal ${field} ${userId}`);
  const name = NAMES[field];
  const hide = () => setShown(null);
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(hide, shown.until.getTime() - Date.now());
    document.addEventListener("visibilitychange", hide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", hide);
    };
  }, [shown]);
  const given = reasons.get(userId) ?? reason.trim();
  const act = useAct(
    () => api.POST("/admin/users/{userId}/reveal", { params: { path: { userId } }, body: { fields: [field], reason: given } }),
    {
      dialog,
      done: ({ email, phoneNumber }) => {
        reasons.set(userId, given);
        setShown({ text: (field === "email" ? email : phoneNumber) ?? none, until: new Date(Date.now() + SHOWN_MS) });
        dialog.close();
      },
    },
  );
  const show = () => {
    act.reset();
    if (reasons.has(userId)) void act.run();
    else dialog.open();
  };
  return (
    <>
      <span class="row">
        {shown ? <strong>{shown.text}</strong> : <span>{masked ?? <span class="quiet">{none}</span>}</span>}
        {shown ? (
          <Shown text={shown.text} until={shown.until} name={name} hide={hide} />
        ) : (
          masked !== null &&
          may("support") && (
            <button type="button" class="plain" onClick={show}>
              Show {name}
            </button>
          )
        )}
      </span>
      {!dialog.isOpen && act.state.kind === "failed" && <FailureNotice failure={act.state.failure} />}
      {dialog.isOpen && (
        <ActDialog
          act={act}
          dialog={dialog}
          title={`Show ${name}`}
          label={`Show the ${name}`}
          missing={reason.trim() === "" ? "Give a reason" : null}
          done={() => null}
          repeatable
        >
          <p>
            It is shown for a minute, and hidden when you leave this tab. That you looked is kept in the audit trail, with your
            reason.
          </p>
          <ReasonField value={reason} onChange={setReason} />
        </ActDialog>
      )}
    </>
  );
}

function Shown({ text, until, name, hide }: { text: string; until: Date; name: string; hide: () => void }) {
  const left = useCountdown(until);
  const button = useRef<HTMLButtonElement>(null);
  // Its place was the button's that had the focus.
  useEffect(() => button.current?.focus(), []);
  return (
    <>
      <CopyButton text={text} label={`Copy ${name}`} />
      <button type="button" class="plain" ref={button} onClick={hide}>
        Hide
      </button>
      <span class="quiet" aria-hidden="true">
        hidden in {left} s
      </span>
    </>
  );
}
