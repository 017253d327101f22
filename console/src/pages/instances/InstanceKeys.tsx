import type { components } from "../../api";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { NamedId } from "../../parts/Id";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { may } from "../../state/session";
import { type KeyToRevoke, RevokeKey } from "../keys/RevokeKey";
import { MakeInstanceKey } from "./MakeInstanceKey";
import { RIGHTS } from "./rights";

const PATH = "/admin/instances/{name}/api-keys";

export function InstanceKeys({ name }: { name: string }) {
  const keys = usePages(
    `instance keys ${name}`,
    (after, signal) => api.GET(PATH, { params: { path: { name }, query: { after } }, signal }),
    ({ apiKeys, next }) => ({ rows: apiKeys, next }),
  );
  const make = useDialog(`make-instance-key ${name}`);
  const dialog = `revoke-instance-key ${name}`;
  const revoke = useDialog<KeyToRevoke>(dialog);
  const path = `/admin/instances/${encodeURIComponent(name)}/api-keys`;
  const admin = may("admin");
  return (
    <>
      <div class="actions">
        <CurlButton method="GET" path={path} />
        {admin && (
          <button type="button" class="primary" onClick={make.open}>
            Make a key…
          </button>
        )}
      </div>
      <PagedTable
        name="Keys"
        pages={keys}
        rowKey={({ id }) => id}
        columns={[
          { title: "Key", cell: ({ id, label }) => <NamedId id={id} name={label} /> },
          { title: "May", cell: (key) => <Rights of={key} /> },
          { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
          {
            title: "Act",
            hidden: true,
            cell: ({ id }) =>
              admin && (
                <button type="button" aria-label={`Revoke… ${id}`} onClick={() => revoke.openWith({ id })}>
                  Revoke…
                </button>
              ),
          },
        ]}
        empty="No key is in force. Programs of this instance need one."
      />
      {make.isOpen && <MakeInstanceKey dialog={make} name={name} made={keys.refresh} />}
      {revoke.isOpen && (
        <RevokeKey
          dialog={revoke}
          name={dialog}
          what="instance key"
          path={path}
          send={(keyId) => api.DELETE("/admin/instances/{name}/api-keys/{keyId}", { params: { path: { name, keyId } } })}
          revoked={keys.refresh}
        />
      )}
    </>
  );
}

function Rights({ of }: { of: components["schemas"]["InstanceApiKey"] }) {
  const rights = RIGHTS.filter(([name]) => of[name]).map(([name, , short]) => <span key={name}>{short}</span>);
  return rights.length > 0 ? <span class="list">{rights}</span> : <span class="quiet">what its user may</span>;
}
