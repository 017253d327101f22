import { words } from "../../lib/words";
import { CurlButton } from "../../parts/CopyButton";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/Table";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { href } from "../../state/router";
import { searched, searches } from "../../state/search";
import { USER_COLUMNS } from "./columns";

export function SearchResults({ query }: { query: string }) {
  // The text may be an e-mail, so the key of the list is the search's number.
  const list = (after?: string) => api.POST("/admin/users/search", { body: { query, after } });
  const users = usePages(`search ${searches.value}`, list, (answer) => ({
    rows: answer.users.map((row) => ({ ...row, matchedBy: answer.matchedBy })),
    next: answer.next,
  }));
  const matchedBy = users.rows?.[0]?.matchedBy;
  return (
    <Page
      title="Users"
      actions={
        <>
          <button type="button" onClick={() => (searched.value = null)}>
            End the search
          </button>
          <CurlButton {...list()} />
        </>
      }
    >
      <p role="status" class="lead found">
        {users.rows && (users.rows.length > 0 ? `Found by ${words(matchedBy ?? "search").toLowerCase()}` : "No user matches")}
      </p>
      <PagedTable
        name="Users"
        pages={users}
        columns={USER_COLUMNS}
        rowKey={({ userId }) => userId}
        href={({ userId }) => href(["users", userId])}
        empty={
          <>
            Searched as e-mail, domain, phone number, user id, 3dEye id and subject, each from its beginning. Check the spelling,
            or search for less of it: <kbd>jane.d</kbd>, <kbd>@example.com</kbd>, <kbd>+4930</kbd>.
          </>
        }
      />
    </Page>
  );
}
