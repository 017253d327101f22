import { pageOf } from "../../lib/find";
import { words } from "../../lib/words";
import { CurlButton } from "../../parts/CopyButton";
import { Page } from "../../parts/Page";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { endSearch, searches } from "../../state/search";
import { UserTable } from "./UserTable";

export function SearchResults({ query }: { query: string }) {
  // The text may be an e-mail, so the key of the list is the search's number.
  const list = (after?: string, limit?: number) => api.POST("/admin/users/search", { body: { query, after, limit } });
  const users = usePages(
    `search ${searches.value}`,
    (after) => list(after),
    (answer) => ({
      rows: answer.users.map((row) => ({ ...row, matchedBy: answer.matchedBy })),
      next: answer.next,
    }),
  );
  const matchedBy = users.rows?.[0]?.matchedBy;
  const other = pageOf(query);
  return (
    <Page
      title="Users"
      actions={
        <>
          <button type="button" onClick={endSearch}>
            End the search
          </button>
          <CurlButton {...list()} />
        </>
      }
    >
      <p role="status" class="lead found">
        {users.rows &&
          (users.rows.length > 0 ? (
            `Found by ${words(matchedBy ?? "search").toLowerCase()}`
          ) : other ? (
            <>
              This is the id of {other[0]}: <a href={other[1]}>open it</a>
            </>
          ) : (
            "No user matches"
          ))}
      </p>
      <UserTable
        pages={users}
        name={`search ${searches.value}`}
        list={list}
        empty={
          <>
            Searched as e-mail, phone number or user id, or the beginning of one; as domain, 3dEye id or subject, whole. Check the
            spelling, or search for less of it: <kbd>jane.d</kbd>, <kbd>@example.com</kbd>, <kbd>+4930</kbd>.
          </>
        }
      />
    </Page>
  );
}
