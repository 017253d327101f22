import type { UserDetail } from "../../../contract";
import { Section } from "../../../parts/Panel";
import { Table } from "../../../parts/Table";
import { Time } from "../../../parts/Time";
import { href } from "../../../state/router";

export function KeysTab({ user: { userId, apiKeys, instanceUsers } }: { user: UserDetail }) {
  return (
    <>
      <Section title="API keys" actions={<a href={href(["api-keys"], { userId })}>Open in API keys</a>}>
        <Table
          name="API keys"
          rows={apiKeys}
          rowKey={({ id }) => id}
          columns={[
            { title: "Key", cell: ({ id }) => <code>{id}</code> },
            { title: "Label", cell: ({ label }) => label ?? <span class="quiet">–</span> },
            { title: "Scopes", cell: ({ scopes }) => scopes.join(", ") },
            { title: "Last used", cell: ({ lastUsedAt }) => <Time at={lastUsedAt} none="Never" relative quiet /> },
            { title: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} none="Never" quiet /> },
          ]}
          empty="No API key is good for this user alone. Keys for every user are under API keys."
        />
      </Section>
      <Section title="Users of instances">
        <Table
          name="Users of instances"
          rows={instanceUsers}
          rowKey={({ id }) => id}
          columns={[
            { title: "Instance", cell: ({ instance }) => <a href={href(["instances", instance])}>{instance}</a> },
            { title: "Username", cell: ({ username }) => username },
            { title: "Key changed", cell: ({ keyChangedAt }) => <Time at={keyChangedAt} relative quiet /> },
          ]}
          empty="The user has no login at an instance."
        />
      </Section>
    </>
  );
}
