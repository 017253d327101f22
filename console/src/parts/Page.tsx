// A page's frame: its heading, which takes the focus after a change of route, and the window's title.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Skeleton } from "./Panel";

interface PageProps {
  /** The window's title, and the heading unless there is another. Never an e-mail. */
  title: string;
  heading?: ComponentChildren;
  /** Below the heading: where this stands, in a line. */
  lead?: ComponentChildren;
  /** Beside the heading: the acts of the page. */
  actions?: ComponentChildren;
  /** false: nothing but the heading yet. What comes later all at once does not push about what is there. */
  ready?: boolean;
  children: ComponentChildren;
}

export function Page({ title, heading, lead, actions, ready = true, children }: PageProps) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · SmartphoneKey console`;
  }, [title]);
  useEffect(() => {
    // A dialog that a new sign-in has opened again keeps the focus, and so does a field that a person went to meanwhile.
    const isTaken = document.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select");
    if (!isTaken) ref.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1} ref={ref}>
            {heading ?? title}
          </h1>
          {ready && lead && <p class="lead">{lead}</p>}
        </div>
        {ready && actions && <div class="actions">{actions}</div>}
      </div>
      {ready ? children : <Skeleton lines={16} />}
    </>
  );
}
