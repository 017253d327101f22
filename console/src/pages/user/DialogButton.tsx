import type { ComponentChildren } from "preact";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { lost } from "../../state/connection";
import type { Draft } from "../../state/step-up";

interface DialogButtonProps<D extends Draft> {
  /** Of the dialog: with the user's id in it. */
  name: string;
  label: string;
  primary?: boolean;
  /** There is nothing to do, any more: a dialog that has done it stays. */
  idle?: boolean;
  /** Why it cannot be used, besides a lost connection. */
  blocked?: string | undefined;
  /** The dialog, mounted while it is open. */
  children: (dialog: DialogState<D>) => ComponentChildren;
}

/** A button that opens a dialog which acts; off while the connection is lost. */
export function DialogButton<D extends Draft = Draft>({
  name,
  label,
  primary = false,
  idle = false,
  blocked: reason,
  children,
}: DialogButtonProps<D>) {
  const dialog = useDialog<D>(name);
  const blocked = lost.value ? "Not while the connection is lost" : reason;
  return (
    <>
      {!idle && (
        <button
          type="button"
          class={primary ? "primary" : ""}
          aria-disabled={blocked !== undefined}
          title={blocked}
          onClick={() => blocked || dialog.open()}
        >
          {label}
        </button>
      )}
      {dialog.isOpen && children(dialog)}
    </>
  );
}
