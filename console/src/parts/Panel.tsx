// A part of a page that loads, fails and is read again on its own.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Resource } from "../state/resource";
import { AsOf } from "./AsOf";
import { FailureNotice } from "./FailureNotice";

interface SectionProps {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

/** A region with a heading. */
export function Section({ title, actions, children, class: name = "" }: SectionProps) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

interface PanelProps<T> extends Omit<SectionProps, "children"> {
  resource: Resource<T>;
  /** Lines of the skeleton: as many as the content will have. */
  lines?: number;
  children: (data: T) => ComponentChildren;
}

export function Panel<T>({ resource, lines = 3, children, ...section }: PanelProps<T>): JSX.Element {
  const { data, failure, loading, at, refresh } = resource;
  return (
    <Section {...section}>
      {failure && <FailureNotice failure={failure} retry={refresh} />}
      {data !== undefined ? children(data) : !failure && <Skeleton lines={lines} />}
      <AsOf at={at} loading={loading} refresh={refresh} of={section.title} />
    </Section>
  );
}

/** Takes the room of what is loading; becomes visible when that takes long. */
export function Skeleton({ lines }: { lines: number }) {
  return (
    <div class="skeleton" aria-busy="true">
      <span class="vh">Loading …</span>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} aria-hidden="true" />
      ))}
    </div>
  );
}
