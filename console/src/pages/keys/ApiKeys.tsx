import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { NamedId, UserLink } from "../../parts/Id";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { MakeApiKey } from "./MakeApiKey";
import { type KeyToRevoke, RevokeKey } from "./RevokeKey";
import { KeyStatus, RevokedSwitch, showsRevoked } from "./shared";

const PATH = "/admin/api-keys";

export function ApiKeys() {
  const userId = address.value.filters.get("userId") ?? undefined;
  const query = { userId, revoked: showsRevoked() || undefined };
  const keys = usePages(
    `api keys ${JSON.stringify(query)}`,
    (after, signal) => api.GET(PATH, { params: { query: { ...query, after } }, signal }),
    ({ apiKeys, next }) => ({ rows: apiKeys, next }),
  );
  const make = useDialog("make-api-key");
  const revoke = useDialog<KeyToRevoke>("revoke-api-key");
  const admin = may("admin");
  return (
    <Page
      title="API keys"
      lead="With these keys programs call the service. Their text is shown once, when they are made."
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
        {userId && (
          <p class="row">
            Keys of <UserLink id={userId} />
            <button type="button" class="plain" onClick={() => setFilters({ userId: null })}>
              Show all keys
            </button>
          </p>
        )}
      </div>
      <PagedTable
        name="API keys"
        pages={keys}
        rowKey={({ id }) => id}
        columns={[
          { title: "Key", cell: ({ id, label }) => <NamedId id={id} name={label} /> },
          { title: "May", cell: ({ scopes }) => scopes.join(", ") },
          { title: "User", cell: ({ userId }) => (userId ? <UserLink id={userId} /> : "Any") },
          { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
          { title: "Last used", cell: ({ lastUsedAt }) => <Time at={lastUsedAt} none="Never" quiet /> },
          { title: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} none="Never" quiet /> },
          { title: "Status", cell: (key) => <KeyStatus {...key} /> },
          {
            title: "Act",
            hidden: true,
            cell: ({ id, lastUsedAt, revokedAt }) =>
              admin &&
              revokedAt === null && (
                <button type="button" aria-label={`Revoke… ${id}`} onClick={() => revoke.openWith({ id, lastUsedAt })}>
                  Revoke…
                </button>
              ),
          },
        ]}
        empty={
          userId ? "This user has no key of their own." : "No key is in force. Make one for each program that calls the service."
        }
      />
      {make.isOpen && <MakeApiKey dialog={make} made={keys.refresh} />}
      {revoke.isOpen && (
        <RevokeKey
          dialog={revoke}
          name="revoke-api-key"
          what="API key"
          path={PATH}
          send={(keyId) => api.DELETE("/admin/api-keys/{keyId}", { params: { path: { keyId } } })}
          revoked={keys.refresh}
        />
      )}
    </Page>
  );
}
