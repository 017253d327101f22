// The end of every dialog that acts: the button named by the act, and what became of it.

import type { ComponentChildren } from "preact";
import type { Act } from "../state/act";
import { lost } from "../state/connection";
import { useElapsed } from "./clock";
import { FailureNotice } from "./FailureNotice";

export interface ActPanelProps<T> {
  act: Act<T>;
  /** What the button does: "Delete the account and make it anew". */
  label: string;
  /** Something will be lost. */
  danger?: boolean;
  /** Why it cannot be done yet: "Give a reason". */
  missing?: string | null;
  /** What is shown in place of the button when it is done, beside "Done". */
  done: string | ((data: T) => ComponentChildren);
  /** Whether the very same request may be sent again after its answer was lost. */
  repeatable?: boolean;
  /** What to do about a refusal, where there is more to say than the message does. */
  advice?: (status: number) => ComponentChildren;
  close?: () => void;
  /** The outcome in a word, and how good it is, where "Done" would say too much. */
  heading?: (data: T) => string;
  tone?: (data: T) => "good" | "warn";
}

export function ActPanel<T>(props: ActPanelProps<T>) {
  const { act, label, danger, done, repeatable, advice, close, heading = () => "Done", tone = () => "good" } = props;
  const { state } = act;
  if (state.kind === "running") return <Running since={state.since} />;
  if (state.kind === "done") {
    return (
      <>
        <div class={`notice ${tone(state.data)}`} role="status">
          <p>
            <strong>{heading(state.data)}</strong>
            {state.requestId && (
              <span class="quiet">
                {" "}
                Request <code>{state.requestId}</code>
              </span>
            )}
          </p>
          {typeof done === "string" ? <p>{done}</p> : done(state.data)}
        </div>
        {close && (
          <div class="actions">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        )}
      </>
    );
  }
  if (state.kind === "unknown") {
    return (
      <FailureNotice
        failure={state.failure}
        retry={repeatable ? () => void act.run() : undefined}
        retryLabel="Send again"
        blocked={lost.value !== null}
        advice={
          repeatable
            ? "What is on record was read again. Sending the same request again does it once at most."
            : "What is on record was read again: look there whether it took effect."
        }
      />
    );
  }
  const blocked = lost.value !== null ? "Not while the connection is lost" : (props.missing ?? null);
  return (
    <>
      {state.kind === "failed" && <FailureNotice failure={state.failure} advice={advice?.(state.failure.status)} />}
      <div class="actions">
        {close && (
          <button type="button" onClick={close}>
            Cancel
          </button>
        )}
        <ActButton label={label} danger={danger} blocked={blocked} onClick={() => void act.run()} />
      </div>
    </>
  );
}

interface ActButtonProps {
  label: string;
  danger?: boolean | undefined;
  /** Why it cannot be used; said with it. */
  blocked?: string | null;
  onClick: () => void;
}

/** A button that says why it cannot be used instead of falling silent. */
export function ActButton({ label, danger = false, blocked = null, onClick }: ActButtonProps) {
  return (
    <span class="act">
      {blocked && <span class="quiet">{blocked}</span>}
      <button
        type="button"
        class={danger ? "danger" : "primary"}
        aria-disabled={blocked !== null}
        title={blocked ?? undefined}
        onClick={() => {
          if (blocked === null) onClick();
        }}
      >
        {label}
      </button>
    </span>
  );
}

function Running({ since }: { since: Date }) {
  const seconds = useElapsed(since);
  return (
    <div class="notice" role="status">
      <p>
        <progress aria-label="Under way" /> <span aria-hidden="true">{seconds} s</span>
      </p>
      <p class="quiet">This takes up to half a minute. It goes on even if you leave this page.</p>
    </div>
  );
}
