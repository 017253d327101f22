// What the trail is filtered by. All of it is in the address, so it can be sent to a colleague.

import { localInput, momentOf, zoneName } from "../../lib/time";
import { now } from "../../parts/clock";
import { TextField } from "../../parts/inputs";
import { utc } from "../../state/preferences";
import { address, filterText, setFilters } from "../../state/router";

const TEXTS = ["actor", "action", "subject", "requestId"] as const;
type Text = (typeof TEXTS)[number];
const MOMENTS = ["from", "to"] as const;

export type AuditQuery = Partial<Record<Text | (typeof MOMENTS)[number], string>> & { people?: boolean };

const LABELS: Record<Text, readonly [label: string, hint: string]> = {
  actor: ["Who", "operator, or operator:ID"],
  action: ["What", "such as threedeye.reset"],
  subject: ["About", "the id of a user, key or run"],
  requestId: ["Request id", "req_…"],
};

/** People's acts come first: what the service did by itself is shown on request. */
export function auditFilters(): AuditQuery {
  const { filters } = address.value;
  const query: AuditQuery = filters.get("people") === "false" ? {} : { people: true };
  for (const name of [...TEXTS, ...MOMENTS]) {
    const value = filters.get(name);
    if (value) query[name] = value;
  }
  return query;
}

export function AuditFilters({ filters }: { filters: AuditQuery }) {
  const zone = utc.value ? "UTC" : zoneName(now.value);
  return (
    <div class="filters hinted">
      {TEXTS.map((name) => (
        <TextField
          key={name}
          label={LABELS[name][0]}
          hint={LABELS[name][1]}
          value={filterText(name)}
          maxLength={300}
          settled
          onChange={(value) => setFilters({ [name]: value.trim() })}
        />
      ))}
      {MOMENTS.map((name) => (
        <TextField
          key={name}
          label={name === "from" ? "From" : "Before"}
          hint={zone}
          type="datetime-local"
          value={localInput(filters[name], utc.value)}
          settled
          onChange={(value) => setFilters({ [name]: momentOf(value, utc.value) })}
        />
      ))}
    </div>
  );
}
