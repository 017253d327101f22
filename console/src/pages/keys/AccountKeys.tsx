import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { NamedId } from "../../parts/Id";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, href, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { MakeAccountKey } from "./MakeAccountKey";
import { type KeyToRevoke, RevokeKey } from "./RevokeKey";
import { KeyStatus, RevokedSwitch, showsRevoked } from "./shared";

const PATH = "/admin/account-keys";

export function AccountKeys() {
  const instance = address.value.filters.get("instance") ?? undefined;
  const query = { instance, revoked: showsRevoked() || undefined };
  const keys = usePages(
    `account keys ${JSON.stringify(query)}`,
    (after, signal) => api.GET(PATH, { params: { query: { ...query, after } }, signal }),
    ({ accountKeys, next }) => ({ rows: accountKeys, next }),
  );
  const make = useDialog("make-account-key");
  const revoke = useDialog<KeyToRevoke>("revoke-account-key");
  const admin = may("admin");
  return (
    <Page
      title="Account keys"
      lead="Keys of administrators of an instance of the user-key API."
      actions={
        <>
          <CurlButton method="GET" path={PATH} query={query} />
          {admin && (
            <button type="button" class="primary" onClick={make.open}>
              Make a key…
            </button>
          )}
        </>
      }
    >
      <div class="filters">
        <RevokedSwitch />
        {instance && (
          <p class="row">
            Keys of <a href={href(["instances", instance])}>{instance}</a>
            <button type="button" class="plain" onClick={() => setFilters({ instance: null })}>
              Show all keys
            </button>
          </p>
        )}
      </div>
      <PagedTable
        name="Account keys"
        pages={keys}
        rowKey={({ id }) => id}
        columns={[
          { title: "Key", cell: ({ id, label }) => <NamedId id={id} name={label} /> },
          { title: "Instance", cell: ({ instance }) => <a href={href(["instances", instance])}>{instance}</a> },
          { title: "May", cell: ({ role }) => role },
          { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
          { title: "Status", cell: (key) => <KeyStatus {...key} /> },
          {
            title: "Act",
            hidden: true,
            cell: ({ id, revokedAt }) =>
              admin &&
              revokedAt === null && (
                <button type="button" aria-label={`Revoke… ${id}`} onClick={() => revoke.openWith({ id })}>
                  Revoke…
                </button>
              ),
          },
        ]}
        empty="No account key is in force."
      />
      {make.isOpen && <MakeAccountKey dialog={make} instance={instance ?? ""} made={keys.refresh} />}
      {revoke.isOpen && (
        <RevokeKey
          dialog={revoke}
          name="revoke-account-key"
          what="account key"
          path={PATH}
          send={(keyId) => api.DELETE("/admin/account-keys/{keyId}", { params: { path: { keyId } } })}
          revoked={keys.refresh}
        />
      )}
    </Page>
  );
}
