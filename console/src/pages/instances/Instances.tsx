import { CallDialog } from "../../parts/ActDialog";
import { CurlButton } from "../../parts/CopyButton";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";
import { may } from "../../state/session";

const PATH = "/admin/instances";

export function Instances() {
  const instances = useResource("instances", () => api.GET(PATH));
  const make = useDialog("make-instance");
  return (
    <Page
      title="Instances"
      lead="Tenants of the user-key API, each with its own users and keys."
      actions={
        <>
          <CurlButton {...api.GET(PATH)} />
          {may("admin") && (
            <button type="button" class="primary" onClick={make.open}>
              Make an instance…
            </button>
          )}
        </>
      }
    >
      <Panel title="All instances" resource={instances} lines={6}>
        {(data) => (
          <Table
            name="Instances"
            rows={data.instances}
            rowKey={({ name }) => name}
            href={({ name }) => href(["instances", name])}
            columns={[
              { title: "Name", cell: ({ name }) => name },
              { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
            ]}
            empty="There is no instance yet. Programs of the user-key API need one."
          />
        )}
      </Panel>
      {make.isOpen && <MakeInstance dialog={make} made={instances.refresh} />}
    </Page>
  );
}

function MakeInstance({ dialog, made }: { dialog: DialogState<{ name: string }>; made: () => void }) {
  const { name = "" } = dialog.draft;
  const body = { name: name.trim() };
  return (
    <CallDialog
      dialog={dialog}
      title="Make an instance"
      call={() => api.POST(PATH, { body })}
      settledThen={made}
      label="Make the instance"
      missing={/^[A-Za-z0-9_-]{1,64}$/.test(body.name) ? null : "Give a name"}
      repeatable
      done={({ name }) => (
        <p>
          <a href={href(["instances", name])}>Open {name}</a>, to make its keys and users. If there was one of that name, it is as
          it was.
        </p>
      )}
    >
      <TextField
        label="Name"
        value={name}
        maxLength={64}
        onChange={(name) => dialog.keep({ name })}
        hint="Letters, digits, “_” and “-”. Part of the addresses that programs call. It cannot be changed."
      />
    </CallDialog>
  );
}
