// A failed request: what happened, its id for the log, and another try.

import type { ComponentChildren } from "preact";
import { adviceOn, type Failure } from "../lib/failure";
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
  const told = advice || adviceOn(failure);
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{failure.message}</strong>
      </p>
      {told && <p>{told}</p>}
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
