import { FilterNote } from "../../parts/FilterNote";
import { UserLink } from "../../parts/Id";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { address } from "../../state/router";
import { KeyList, showsRevoked } from "./KeyList";
import { MakeApiKey } from "./MakeApiKey";

export function ApiKeys() {
  const userId = address.value.filters.get("userId") ?? undefined;
  const query = { userId, revoked: showsRevoked() || undefined };
  return (
    <KeyList
      name="API keys"
      what="API key"
      lead="Programs call the service with these keys."
      filter={
        userId && (
          <FilterNote name="userId" all="Show all keys">
            Keys of <UserLink id={userId} />
          </FilterNote>
        )
      }
      list={(after) => api.GET("/admin/api-keys", { params: { query: { ...query, after } } })}
      take={({ apiKeys, next }) => ({ rows: apiKeys, next })}
      columns={[
        { title: "Scopes", cell: ({ scopes }) => scopes.join(", ") },
        { title: "User", cell: ({ userId }) => (userId ? <UserLink id={userId} /> : "Any") },
        { title: "Last used", cell: ({ lastUsedAt }) => <Time at={lastUsedAt} none="Never" quiet /> },
        { title: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} none="Never" quiet /> },
      ]}
      empty={userId ? "This user has no key of their own." : "No key is in force."}
      make={(dialog, made) => <MakeApiKey dialog={dialog} made={made} />}
      revoke={(keyId) => api.DELETE("/admin/api-keys/{keyId}", { params: { path: { keyId } } })}
    />
  );
}
