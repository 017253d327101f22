import { useState } from "preact/hooks";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { UserLink } from "../../parts/Id";
import { TextField } from "../../parts/inputs";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { DeleteInstanceUser } from "./DeleteInstanceUser";
import { MakeInstanceUser } from "./MakeInstanceUser";
import { ResetUserKey } from "./ResetUserKey";

/** The instance's user that a dialog is about. */
export type InstanceUserRow = { id: number };

/** What names a person stands in no URL, so the service refuses it. */
const isPersonal = (name: string) => name.includes("@") || name.replace(/\D/g, "").length >= 7;

export function InstanceUsers({ name }: { name: string }) {
  const userId = address.value.filters.get("userId") ?? undefined;
  // A name may be an e-mail, so it is kept out of the address.
  const [username, setUsername] = useState("");
  const refusal = isPersonal(username) ? "E-mails and numbers are not looked for here: give the person’s user id" : undefined;
  const query = { userId, username: refusal ? undefined : username || undefined };
  const list = (after?: number) =>
    api.GET("/admin/instances/{name}/users", { params: { path: { name }, query: { ...query, after } } });
  const users = usePages(JSON.stringify(list()), list, ({ users, next }) => ({ rows: users, next }));
  const make = useDialog(`make-instance-user ${name}`);
  const reset = useDialog<InstanceUserRow>(`reset-user-key ${name}`);
  const remove = useDialog<InstanceUserRow>(`delete-instance-user ${name}`);
  return (
    <>
      <div class="actions">
        <CurlButton {...list()} />
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
          hint={refusal ?? "To the letter"}
        />
        <TextField
          label="Person’s user id"
          value={userId ?? ""}
          settled
          onChange={(text) => setFilters({ userId: text.trim() })}
        />
      </div>
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
      {make.isOpen && <MakeInstanceUser dialog={make} name={name} made={users.refresh} />}
      {reset.isOpen && <ResetUserKey dialog={reset} name={name} changed={users.refresh} />}
      {remove.isOpen && <DeleteInstanceUser dialog={remove} name={name} deleted={users.refresh} />}
    </>
  );
}
