import { useState } from "preact/hooks";
import { isPersonal } from "../../lib/personal";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { UserLink } from "../../parts/Id";
import { TextField } from "../../parts/inputs";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, filterText, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { DeleteInstanceUser } from "./DeleteInstanceUser";
import { MakeInstanceUser } from "./MakeInstanceUser";
import { ResetUserKey } from "./ResetUserKey";

/** The instance's user that a dialog is about. */
export type InstanceUserRow = { id: number };

export function InstanceUsers({ name }: { name: string }) {
  const userId = address.value.filters.get("userId") ?? undefined;
  // A name may be an e-mail, so it is kept out of the address.
  const [username, setUsername] = useState("");
  const refused = isPersonal(username);
  const query = { userId, username: username || undefined };
  const list = (after?: number) =>
    api.GET("/admin/instances/{name}/users", { params: { path: { name }, query: { ...query, after } } });
  const users = usePages(refused ? null : JSON.stringify(list()), list, ({ users, next }) => ({ rows: users, next }));
  const make = useDialog(`make-instance-user ${name}`);
  const reset = useDialog<InstanceUserRow>(`reset-user-key ${name}`);
  const remove = useDialog<InstanceUserRow>(`delete-instance-user ${name}`);
  return (
    <>
      <div class="actions">
        {!refused && <CurlButton {...list()} />}
        {may("admin") && (
          <button type="button" class="primary" onClick={make.open}>
            Make a user…
          </button>
        )}
      </div>
      <div class="filters hinted">
        <TextField
          label="Name"
          value={username}
          settled
          onChange={(text) => setUsername(text.trim())}
          hint={
            refused
              ? "An e-mail or a number is not looked for: give the person’s user id, or look through the list."
              : "The whole name; case counts"
          }
        />
        <TextField
          label="Person’s user id"
          value={filterText("userId")}
          settled
          onChange={(text) => setFilters({ userId: text.trim() })}
        />
      </div>
      {!refused && (
        <PagedTable
          name="Instance users"
          pages={users}
          rowKey={({ id }) => id}
          columns={[
            { title: "Id", cell: ({ id }) => id },
            { title: "Name", cell: ({ username }) => username },
            {
              title: "Person",
              cell: ({ userId }) => (userId ? <UserLink id={userId} /> : <span class="quiet">–</span>),
            },
            { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
            { title: "Key changed", cell: ({ keyChangedAt }) => <Time at={keyChangedAt} quiet /> },
            {
              title: "Acts",
              hidden: true,
              cell: ({ id }) => (
                <span class="actions">
                  {may("support") && (
                    <button type="button" aria-label={`Reset key… of user ${id}`} onClick={() => reset.openWith({ id })}>
                      Reset key…
                    </button>
                  )}
                  {may("admin") && (
                    <button type="button" aria-label={`Delete… user ${id}`} onClick={() => remove.openWith({ id })}>
                      Delete…
                    </button>
                  )}
                </span>
              ),
            },
          ]}
          empty={username || userId ? "No user of this instance is like that." : "This instance has no users yet."}
        />
      )}
      {make.isOpen && <MakeInstanceUser dialog={make} name={name} made={users.refresh} />}
      {reset.isOpen && <ResetUserKey dialog={reset} name={name} changed={users.refresh} />}
      {remove.isOpen && <DeleteInstanceUser dialog={remove} name={name} deleted={users.refresh} />}
    </>
  );
}
