// A part of a page that loads, fails and is read again on its own.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Resource } from "../state/resource";
import { AsOf } from "./AsOf";
import { FailureNotice } from "./FailureNotice";

interface SectionProps {
  title: string;
  actions?: ComponentChildren;
  /** How fresh it is, at the end of its heading's line. */
  asOf?: ComponentChildren;
  children: ComponentChildren;
}

/** A region with a heading. */
export function Section({ title, actions, asOf, children }: SectionProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        <div class="actions">
          {actions}
          {asOf}
        </div>
      </div>
      {children}
    </section>
  );
}

interface PanelProps<T> extends Omit<SectionProps, "children" | "asOf"> {
  resource: Resource<T>;
  /** Lines of the skeleton: as many as the content will have. */
  lines?: number;
  children: (data: T) => ComponentChildren;
}

export function Panel<T>({ resource, lines = 3, children, ...section }: PanelProps<T>): JSX.Element {
  const { data, failure, loading, at, refresh } = resource;
  return (
    <Section {...section} asOf={<AsOf at={at} loading={loading} refresh={refresh} of={section.title} />}>
      {failure && <FailureNotice failure={failure} retry={refresh} />}
      {data !== undefined ? children(data) : !failure && <Skeleton lines={lines} />}
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
