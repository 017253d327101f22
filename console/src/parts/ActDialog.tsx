// A dialog with one act: what it will do, what it needs to know, the button, and the outcome.

import type { ComponentChildren } from "preact";
import type { ShellRequest } from "../lib/curl";
import { useAct } from "../state/act";
import type { Call } from "../state/client";
import { lost } from "../state/connection";
import type { Draft } from "../state/step-up";
import { ActPanel, type ActPanelProps } from "./ActPanel";
import { CurlButton } from "./CopyButton";
import { Dialog, type DialogState } from "./Dialog";

export interface ActDialogProps<T> extends Omit<ActPanelProps<T>, "close"> {
  dialog: DialogState<Draft>;
  title: string;
  /** Why it must not be closed yet. */
  held?: string | null;
  /** The same act for a shell, where it is not what is sent; null: there is none. */
  curl?: ShellRequest | null;
  children?: ComponentChildren;
}

export function ActDialog<T>({ dialog, title, held = null, curl, children, ...panel }: ActDialogProps<T>) {
  const { act } = panel;
  const { kind } = act.state;
  const ready = (kind === "idle" || kind === "failed") && !panel.missing && lost.value === null;
  return (
    <Dialog dialog={dialog} title={title} busy={kind === "running"} held={held}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void act.run();
        }}
      >
        {kind !== "done" && (
          // What is being sent cannot be edited any more.
          <fieldset class="bare" disabled={kind === "running"}>
            {children}
          </fieldset>
        )}
        <ActPanel {...panel} close={held === null ? dialog.close : undefined} />
        {curl !== null && kind !== "done" && (
          <p class="quiet row">
            <CurlButton {...(curl ?? act.call)} />
          </p>
        )}
      </form>
    </Dialog>
  );
}

export interface CallDialogProps<T> extends Omit<ActDialogProps<T>, "act"> {
  /** What is sent. */
  call: () => Call<T>;
  settledThen?: (() => void) | undefined;
}

/** The same for an act that is a single call. */
export function CallDialog<T>({ call, settledThen, ...rest }: CallDialogProps<T>) {
  return <ActDialog {...rest} act={useAct(call, { dialog: rest.dialog, settledThen })} />;
}
