import type { System as SystemFacts } from "../../contract";
import { CurlButton } from "../../parts/CopyButton";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { Panel, Section } from "../../parts/Panel";
import { Badge } from "../../parts/StateBadge";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource, useSettled } from "../../state/resource";
import { CheckBadge } from "../overview/CheckBadge";
import { Pause } from "./Pause";

const PATH = "/admin/system";
/** Without it runs do their work themselves; without any other binding something is amiss. */
const OPTIONAL = "PROVISIONING_QUEUE";

export function System() {
  const system = useResource("system", () => api.GET(PATH));
  const { data } = system;
  return (
    <Page
      title="System"
      ready={useSettled([system])}
      lead="What runs here, and with which settings."
      actions={<CurlButton method="GET" path={PATH} />}
    >
      <div class="columns">
        <Panel title="Service" resource={system} lines={7}>
          {(data) => <Service system={data} />}
        </Panel>
        <Section title="Provisioning">{data && <Pause paused={data.paused} />}</Section>
      </div>
      {data && (
        <>
          <Section title="Bindings">
            <p class="hint">What Cloudflare gives the service to work with.</p>
            <Bindings bindings={data.bindings} />
          </Section>
          <Section title="Settings">
            <Settings settings={data.settings} />
          </Section>
        </>
      )}
    </Page>
  );
}

function Service({ system: { version, schema, now } }: { system: SystemFacts }) {
  const fresh = schema.applied === schema.built;
  return (
    <Facts
      of={[
        ["Version", version],
        [
          "Database schema",
          <>
            {schema.applied ?? "None"} <CheckBadge word={fresh ? "ok" : schema.applied === null ? "missing" : "outdated"} />
            {!fresh && ` This version wants ${schema.built}.`}
          </>,
        ],
        ["The service’s clock", <Time key="" at={now} />],
      ]}
    />
  );
}

function Settings({ settings }: Pick<SystemFacts, "settings">) {
  return (
    <Table
      name="Settings"
      rows={settings}
      rowKey={({ name }) => name}
      columns={[
        { title: "Name", cell: ({ name }) => <code>{name}</code> },
        { title: "Set", cell: ({ set }) => (set ? <Badge tone="good">Set</Badge> : <Badge tone="calm">Not set</Badge>) },
        {
          title: "Value",
          cell: ({ set, value }) =>
            value !== null ? <code class="breaks">{value}</code> : <span class="quiet">{set ? "Secret, never shown" : "–"}</span>,
        },
      ]}
      empty="The service reads no settings."
    />
  );
}

function Bindings({ bindings }: Pick<SystemFacts, "bindings">) {
  return (
    <Table
      name="Bindings"
      rows={bindings}
      rowKey={({ name }) => name}
      columns={[
        { title: "Name", cell: ({ name }) => <code>{name}</code> },
        {
          title: "State",
          cell: ({ name, bound }) => <CheckBadge word={bound ? "ok" : name === OPTIONAL ? "not_configured" : "missing"} />,
        },
      ]}
      empty="Nothing is bound."
    />
  );
}
