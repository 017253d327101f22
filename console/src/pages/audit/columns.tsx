import type { ComponentChildren } from "preact";
import type { AuditEntry } from "../../contract";
import { CopyButton } from "../../parts/CopyButton";
import { shortened } from "../../parts/Id";
import type { Column } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { type Filters, href } from "../../state/router";

const ACTORS: Record<AuditEntry["actor"]["kind"], string> = {
  cron: "Schedule",
  queue: "Queue",
  operator: "Operator",
  "sign-in": "Sign-in",
  "admin-key": "Admin key",
  user: "Person",
  staff: "Staff",
  "api-key": "API key",
  "account-key": "Account key",
  "instance-key": "Instance key",
  other: "Another actor",
};

export const AUDIT_COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "When", cell: ({ at }) => <Time at={at} quiet /> },
  { title: "Who", cell: ({ actor }) => <ActorName actor={actor} /> },
  {
    title: "What",
    cell: ({ action, outcome }) => (
      <>
        <FilterLink filters={{ action }}>{action}</FilterLink>
        <br />
        <span class="quiet">{outcome}</span>
      </>
    ),
  },
  { title: "About", cell: ({ action, subject }) => <Subject action={action} subject={subject} /> },
  { title: "Reason", cell: ({ reason }) => reason ?? <span class="quiet">–</span> },
  {
    title: "Request",
    cell: ({ requestId }) =>
      requestId && (
        <span class="nowrap">
          <FilterLink filters={{ requestId }}>
            <code title={requestId}>{shortened(requestId)}</code>
          </FilterLink>{" "}
          <CopyButton text={requestId} label="Copy request id" />
        </span>
      ),
  },
];

/** Leads to the trail with nothing but this filter, of people and of the service itself. */
function FilterLink({ filters, children }: { filters: Filters; children: ComponentChildren }) {
  return <a href={href(["audit"], { ...filters, people: "false" })}>{children}</a>;
}

function ActorName({ actor: { kind, id, name } }: { actor: AuditEntry["actor"] }) {
  const word = ACTORS[kind];
  return (
    <>
      <FilterLink filters={{ actor: id === null ? kind : `${kind}:${id}` }}>
        {name ?? (id === null ? word : <code title={id}>{shortened(id)}</code>)}
      </FilterLink>
      {(name ?? id) !== null && (
        <>
          <br />
          <span class="quiet">{word}</span>
        </>
      )}
    </>
  );
}

/** The acts whose subject is a person. */
const ABOUT_USERS = /^(threedeye\.|user\.|profile|email_change|push_token|scene|two_factor|backup_code|team)/;

function Subject({ action, subject }: { action: string; subject: string }) {
  const name = <code title={subject}>{shortened(subject)}</code>;
  if (subject.startsWith("run_")) return <a href={href(["runs", subject])}>{name}</a>;
  if (ABOUT_USERS.test(action)) return <a href={href(["users", subject])}>{name}</a>;
  // A masked e-mail may be that of several people.
  if (subject.includes("@")) return name;
  return <FilterLink filters={{ subject }}>{name}</FilterLink>;
}
