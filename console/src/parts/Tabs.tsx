// Tabs that are addresses: each can be linked to, and the way back leads through them.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

/** While the page is being printed all tabs are shown. */
const printing = signal(false);
addEventListener("beforeprint", () => {
  printing.value = true;
});
addEventListener("afterprint", () => {
  printing.value = false;
});

export interface Tab {
  /** Its part of the address. */
  id: string;
  title: string;
  content: () => ComponentChildren;
}

interface TabsProps {
  /** What the tabs are about. */
  label: string;
  tabs: readonly Tab[];
  /** The one in the address; the first one if there is no such tab. */
  chosen: string | undefined;
  href: (id: string) => string;
}

export function Tabs({ label, tabs, chosen, href }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const current = tabs.find((tab) => tab.id === chosen) ?? tabs[0];
  if (!current) return null;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const links = [...(list.current?.querySelectorAll("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    links[(at + step + links.length) % links.length]?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <a
            key={tab.id}
            id={`${id}-${tab.id}`}
            role="tab"
            href={href(tab.id)}
            aria-selected={tab === current}
            aria-controls={tab === current ? `${id}-panel` : undefined}
          >
            {tab.title}
          </a>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current.id}`}>
        {printing.value
          ? tabs.map((tab) => (
              <div key={tab.id}>
                <h2>{tab.title}</h2>
                {tab.content()}
              </div>
            ))
          : current.content()}
      </div>
    </>
  );
}
