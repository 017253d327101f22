import { FilterNote } from "../../parts/FilterNote";
import { api } from "../../state/client";
import { address, href } from "../../state/router";
import { KeyList, showsRevoked } from "./KeyList";
import { MakeAccountKey } from "./MakeAccountKey";

export function AccountKeys() {
  const instance = address.value.filters.get("instance") ?? undefined;
  const query = { instance, revoked: showsRevoked() || undefined };
  return (
    <KeyList
      name="Account keys"
      what="account key"
      lead="Keys of administrators of an instance of the user-key API."
      filter={
        instance && (
          <FilterNote name="instance" all="Show all keys">
            Keys of <a href={href(["instances", instance])}>{instance}</a>
          </FilterNote>
        )
      }
      list={(after) => api.GET("/admin/account-keys", { params: { query: { ...query, after } } })}
      take={({ accountKeys, next }) => ({ rows: accountKeys, next })}
      columns={[
        { title: "Instance", cell: ({ instance }) => <a href={href(["instances", instance])}>{instance}</a> },
        { title: "Role", cell: ({ role }) => role },
      ]}
      empty="No account key is in force."
      make={(dialog, made) => <MakeAccountKey dialog={dialog} instance={instance ?? ""} made={made} />}
      revoke={(keyId) => api.DELETE("/admin/account-keys/{keyId}", { params: { path: { keyId } } })}
    />
  );
}
