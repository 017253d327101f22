// A native modal dialog. The browser keeps the focus inside and gives it back afterwards.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "../state/announce";
import { type Draft, takeDraft } from "../state/step-up";

export interface DialogState<D extends Draft> {
  name: string;
  isOpen: boolean;
  /** What it keeps over a new sign-in: what it was opened with, and what was chosen. Nothing that was typed as text. */
  draft: Partial<D>;
  open(): void;
  /** Opens it for the row that is meant. */
  openWith(draft: Partial<D>): void;
  /** What is chosen is kept. */
  keep(changes: Partial<D>): void;
  close(): void;
}

const GOES_ON = "It goes on. Its outcome will be shown here.";

const FIRST_FIELD = "input:checked, textarea, select, input:not([type=radio])";

/** `name` is this dialog's alone, ids included: after a new sign-in it is opened again as it was. */
export function useDialog<D extends Draft = Draft>(name: string): DialogState<D> {
  const [state, setState] = useState(() => takeDraft(name) as Partial<D> | null);
  return {
    name,
    isOpen: state !== null,
    draft: state ?? {},
    open: () => setState({}),
    openWith: setState,
    keep: (changes) => setState((draft) => ({ ...draft, ...changes }) as Partial<D>),
    close: () => setState(null),
  };
}

interface DialogProps {
  dialog: DialogState<Draft>;
  title: string;
  /** Escape does not end what runs, and says so. */
  busy?: boolean;
  /** Why it must not be closed yet; said instead of closing. */
  held?: string | null;
  children: ComponentChildren;
}

/** Its content is mounted while it is open: the state of a form begins anew each time. */
export function Dialog({ dialog, title, busy = false, held = null, children }: DialogProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.isOpen) return;
    const before = document.activeElement;
    ref.current?.showModal();
    // Not the cross, which the browser would choose.
    (ref.current?.querySelector<HTMLElement>(FIRST_FIELD) ?? ref.current)?.focus();
    return () => {
      if (document.activeElement !== document.body) return;
      // Closed by a button, it is taken out of the page, and the browser forgets where the focus was.
      const back = before?.isConnected && before !== document.body ? before : document.querySelector("main h1");
      if (back instanceof HTMLElement) back.focus();
    };
  }, [dialog.isOpen]);
  // The button that was pressed may be gone.
  useEffect(() => {
    if (dialog.isOpen && document.activeElement === document.body) ref.current?.focus();
  });
  useEffect(() => {
    if (!busy) return;
    // The browser lets a second Escape close a dialog without asking.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      announce(GOES_ON);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [busy]);
  if (!dialog.isOpen) return null;
  const close = () => {
    if (busy) announce(GOES_ON);
    else if (held !== null) announce(held);
    else ref.current?.close();
  };
  return (
    <dialog
      ref={ref}
      tabIndex={-1}
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
        <button type="button" class="plain icon" aria-label="Dismiss" onClick={close} aria-disabled={busy || held !== null}>
          <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
            <path d="m4 4 8 8m0-8-8 8" />
          </svg>
        </button>
      </div>
      {children}
    </dialog>
  );
}
