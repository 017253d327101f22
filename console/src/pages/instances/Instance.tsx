import { CopyButton } from "../../parts/CopyButton";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { href } from "../../state/router";
import { InstanceKeys } from "./InstanceKeys";
import { InstanceUsers } from "./InstanceUsers";

export function Instance({ name, tab }: { name: string; tab: string | undefined }) {
  return (
    <Page
      title={`Instance ${name}`}
      lead={
        <>
          <a href="#/instances">All instances</a> <CopyButton text={name} label="Copy name" />{" "}
          <a href={href(["account-keys"], { instance: name })}>Account keys of this instance</a>
        </>
      }
    >
      <Tabs
        label={`Instance ${name}`}
        chosen={tab}
        href={(id) => href(["instances", name, id])}
        tabs={[
          { id: "users", title: "Users", content: () => <InstanceUsers name={name} /> },
          { id: "keys", title: "Keys", content: () => <InstanceKeys name={name} /> },
        ]}
      />
    </Page>
  );
}
