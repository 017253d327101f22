import type { System as SystemFacts } from "../../contract";
import { CurlButton } from "../../parts/CopyButton";
import { Page } from "../../parts/Page";
import { Panel, Section } from "../../parts/Panel";
import { Badge } from "../../parts/StateBadge";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource, useSettled } from "../../state/resource";
import { PauseSwitch } from "./PauseSwitch";

const PATH = "/admin/system";

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
        <Section title="Provisioning">{data && <PauseSwitch paused={data.paused} />}</Section>
      </div>
      {data && (
        <>
          <Section title="Bindings">
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
  return (
    <dl class="facts">
      <div>
        <dt>Version</dt>
        <dd>{version}</dd>
      </div>
      <div>
        <dt>Schema of the database</dt>
        <dd>
          {schema.applied ?? "none"}{" "}
          {schema.applied === schema.built ? (
            <Badge tone="good">As this version wants it</Badge>
          ) : (
            <Badge tone="bad">This version wants {schema.built}</Badge>
          )}
        </dd>
      </div>
      <div>
        <dt>The service’s clock</dt>
        <dd>
          <Time at={now} />
        </dd>
      </div>
    </dl>
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
          title: "There",
          cell: ({ bound }) => (bound ? <Badge tone="good">Bound</Badge> : <Badge tone="calm">Not bound</Badge>),
        },
      ]}
      empty="Nothing is bound."
    />
  );
}
