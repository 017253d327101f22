import type { Reason } from "../../contract";
import { guidance, isReason } from "../../guidance";
import { words } from "../../lib/words";
import { CurlButton } from "../../parts/CopyButton";
import { Select } from "../../parts/fields";
import { Page } from "../../parts/Page";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, setFilters } from "../../state/router";
import { searched } from "../../state/search";
import { SearchResults } from "./SearchResults";
import { hasFailures, isListState, LIST_STATES, type ListState, leadOf } from "./states";
import { UserTable } from "./UserTable";

export function Users() {
  const isList = searched.value === null || address.value.filters.size > 0;
  return isList ? <UserList /> : <SearchResults query={searched.value ?? ""} />;
}

function UserList() {
  const { filters } = address.value;
  const asked = filters.get("state");
  const state: ListState | "" = isListState(asked) ? asked : "";
  const wanted = filters.get("reason") ?? "";
  const reason = hasFailures(state) && isReason(wanted) ? wanted : "";
  // Most of those who were locked out no longer are, so a page looks through as many as it may.
  const limit = state === "locked_out" ? 200 : undefined;
  const query = { state: state || undefined, reason: reason || undefined, limit };
  const list = (after?: string, most = limit) => api.GET("/admin/users", { params: { query: { ...query, limit: most, after } } });
  const users = usePages(
    JSON.stringify(query),
    (after) => list(after),
    ({ users, next }) => ({ rows: users, next }),
  );
  return (
    <Page title="Users" lead={state ? leadOf(state) : "All users, by id."} actions={<CurlButton {...list()} />}>
      <div class="filters">
        <Select
          label="State"
          value={state}
          options={[["", "Any"], ...LIST_STATES.map((id) => [id, words(id)] as const)]}
          onChange={(chosen) => setFilters({ state: chosen })}
        />
        {hasFailures(state) && (
          <Select
            label="Failure"
            value={reason}
            options={[["", "Any"], ...REASONS.map((code) => [code as string, words(code)] as const)]}
            onChange={(chosen) => setFilters({ reason: chosen })}
          />
        )}
      </div>
      <UserTable pages={users} name={JSON.stringify(query)} list={list} empty={emptyText(state, reason)} />
    </Page>
  );
}

const REASONS = Object.keys(guidance.reason).sort() as Reason[];

function emptyText(state: ListState | "", reason: string) {
  if (reason === "") return state ? `No user is ${words(state).toLowerCase()}.` : "There are no users yet.";
  return (
    <>
      No user here has the failure “{words(reason)}”.{" "}
      <button type="button" class="plain" onClick={() => setFilters({ reason: null })}>
        Show all failures
      </button>
    </>
  );
}
