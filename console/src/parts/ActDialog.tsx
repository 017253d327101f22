// A dialog with one act: what it will do, what it needs to know, the button, and the outcome.

import type { ComponentChildren } from "preact";
import type { ShellRequest } from "../lib/curl";
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
  /** The same act for a shell. */
  curl?: ShellRequest;
  children?: ComponentChildren;
}

export function ActDialog<T>({ dialog, title, held = null, curl, children, ...panel }: ActDialogProps<T>) {
  const { kind } = panel.act.state;
  const ready = (kind === "idle" || kind === "failed") && !panel.missing && lost.value === null;
  return (
    <Dialog dialog={dialog} title={title} busy={kind === "running"} held={held}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void panel.act.run();
        }}
      >
        {kind !== "done" && (
          // What is being sent cannot be edited any more.
          <fieldset class="bare" disabled={kind === "running"}>
            {children}
          </fieldset>
        )}
        <ActPanel {...panel} close={held === null ? dialog.close : undefined} />
        {curl && kind !== "done" && (
          <p class="quiet row">
            <CurlButton {...curl} />
          </p>
        )}
      </form>
    </Dialog>
  );
}
