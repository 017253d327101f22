// A native modal dialog. The browser keeps the focus inside and gives it back afterwards.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "../state/announce";
import { type Draft, takeDraft } from "../state/step-up";

export interface DialogState<D extends Draft> {
  isOpen: boolean;
  /** What it held before a new sign-in was needed; null if it was opened afresh. */
  draft: Partial<D> | null;
  open(): void;
  close(): void;
}

/** `name` is this dialog's alone, ids included: after a new sign-in it is opened again as it was. */
export function useDialog<D extends Draft = Draft>(name: string): DialogState<D> {
  const [state, setState] = useState<{ isOpen: boolean; draft: Partial<D> | null }>(() => {
    const draft = takeDraft(name) as Partial<D> | null;
    return { isOpen: draft !== null, draft };
  });
  return {
    ...state,
    open: () => setState({ isOpen: true, draft: null }),
    close: () => setState({ isOpen: false, draft: null }),
  };
}

interface DialogProps {
  dialog: DialogState<Draft>;
  title: string;
  /** Escape does not end what runs, and says so. */
  busy?: boolean;
  children: ComponentChildren;
}

/** Its content is mounted while it is open: the state of a form begins anew each time. */
export function Dialog({ dialog, title, busy = false, children }: DialogProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.isOpen) return;
    ref.current?.showModal();
  }, [dialog.isOpen]);
  if (!dialog.isOpen) return null;
  const close = () => {
    if (busy) announce("It goes on, whatever happens to this dialog. Its outcome will be shown here.");
    else ref.current?.close();
  };
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      aria-busy={busy}
      onClose={dialog.close}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain icon" aria-label="Close" onClick={close} aria-disabled={busy}>
          <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
            <path d="m4 4 8 8m0-8-8 8" />
          </svg>
        </button>
      </div>
      {children}
    </dialog>
  );
}
