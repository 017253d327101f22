// A failed request: what happened, its id for the log, and another try.

import type { ComponentChildren } from "preact";
import type { Failure } from "../lib/failure";
import { CopyButton } from "./CopyButton";
import { useCountdown } from "./clock";

interface FailureNoticeProps {
  failure: Failure;
  /** What to do next, where the message does not say. */
  advice?: ComponentChildren;
  retry?: (() => void) | undefined;
  retryLabel?: string;
  /** Another try has to wait: the connection is lost. */
  blocked?: boolean;
}

export function FailureNotice({ failure, advice, retry, retryLabel = "Retry", blocked = false }: FailureNoticeProps) {
  const left = useCountdown(failure.retryAt);
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{failure.message}</strong>
      </p>
      <p>{advice || adviceOn(failure)}</p>
      <p class="row">
        {retry && (
          <button type="button" onClick={() => left > 0 || blocked || retry()} aria-disabled={left > 0 || blocked}>
            {left > 0 ? `${retryLabel} in ${left} s` : retryLabel}
          </button>
        )}{" "}
        {failure.requestId && (
          <span class="quiet">
            Request <code>{failure.requestId}</code> <CopyButton text={failure.requestId} label="Copy request id" />
          </span>
        )}
      </p>
    </div>
  );
}

function adviceOn({ kind, status }: Failure): string {
  switch (kind) {
    case "wait":
      return "Wait for the time given, then try again.";
    case "unreachable":
      return "Check your connection. Nothing was changed.";
    case "unknown_outcome":
      return "Look at the present state before sending it again.";
    case "step_up":
      return "This takes a recent sign-in. Sign in again, then repeat it.";
    case "signed_out":
      return "Sign in again.";
    case "refused":
      break;
  }
  if (status === 403) return "Your role does not allow this. An admin can change it under Operators.";
  if (status === 404) return "It may be gone. Check the id.";
  if (status === 409) return "It has changed meanwhile. Read it again.";
  if (status === 400 || status === 413 || status === 415) return "Correct what you entered.";
  return "Try again. If it goes on, tell the service’s engineers the request id.";
}
