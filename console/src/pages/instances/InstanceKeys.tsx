import type { components } from "../../api";
import { api } from "../../state/client";
import { KeyList } from "../keys/KeyList";
import { MakeInstanceKey } from "./MakeInstanceKey";
import { RIGHTS } from "./rights";

export function InstanceKeys({ name }: { name: string }) {
  return (
    <KeyList
      name="Keys"
      what="instance key"
      of={name}
      list={(after) => api.GET("/admin/instances/{name}/api-keys", { params: { path: { name }, query: { after } } })}
      take={({ apiKeys, next }) => ({ rows: apiKeys, next })}
      columns={[{ title: "Rights", cell: (key) => <Rights of={key} /> }]}
      empty="No key is in force. Programs of this instance need one."
      make={(dialog, made) => <MakeInstanceKey dialog={dialog} name={name} made={made} />}
      revoke={(keyId) => api.DELETE("/admin/instances/{name}/api-keys/{keyId}", { params: { path: { name, keyId } } })}
    />
  );
}

function Rights({ of }: { of: components["schemas"]["InstanceApiKey"] }) {
  const rights = RIGHTS.filter(([name]) => of[name]).map(([name, , short]) => <span key={name}>{short}</span>);
  return rights.length > 0 ? <span class="list">{rights}</span> : <span class="quiet">what its user may</span>;
}
