// A list of keys of one kind: what they may, making and revoking them.

import type { ComponentChildren, JSX } from "preact";
import { CurlButton } from "../../parts/CopyButton";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { Switch } from "../../parts/fields";
import { NamedId } from "../../parts/Id";
import { Page } from "../../parts/Page";
import { Badge } from "../../parts/StateBadge";
import { type Column, PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import type { Call } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, setFilters } from "../../state/router";
import { may } from "../../state/session";
import type { Draft } from "../../state/step-up";
import { type KeyToRevoke, RevokeKey } from "./RevokeKey";

interface Key {
  id: string;
  label: string | null;
  createdAt: string;
  revokedAt: string | null;
  /** Left out where the service does not record it. */
  lastUsedAt?: string | null;
  expiresAt?: string | null;
}

interface KeyListProps<T, K extends Key> {
  /** The table's accessible name, and the page's title if it is one: "API keys". */
  name: string;
  /** One of them: "API key". */
  what: string;
  /** Tells its dialogs from those of other lists. */
  of?: string;
  /** Of the page; without it the list is a part of another page. */
  lead?: string;
  filter?: ComponentChildren;
  list: (after?: string) => Call<T>;
  take: (answer: T) => { rows: readonly K[]; next: string | null };
  columns: readonly Column<K>[];
  empty: string;
  make: (dialog: DialogState<Draft>, made: () => void) => ComponentChildren;
  revoke: (keyId: string) => Call<unknown>;
}

export const showsRevoked = (): boolean => address.value.filters.get("revoked") === "true";

export function KeyList<T, K extends Key>(props: KeyListProps<T, K>): JSX.Element {
  const { name, what, of = "", lead, filter, list, take, columns, empty, make, revoke } = props;
  const keys = usePages(JSON.stringify(list()), list, take);
  const making = useDialog(`make ${what} ${of}`);
  const revoking = useDialog<KeyToRevoke>(`revoke ${what} ${of}`);
  const admin = may("admin");
  const actions = (
    <>
      <CurlButton {...list()} />
      {admin && (
        <button type="button" class="primary" onClick={making.open}>
          Make a key…
        </button>
      )}
    </>
  );
  const content = (
    <>
      <PagedTable
        name={name}
        pages={keys}
        rowKey={({ id }) => id}
        columns={[
          { title: "Key", cell: ({ id, label }) => <NamedId id={id} name={label} /> },
          ...columns,
          { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
          { title: "Status", cell: (key) => <KeyStatus of={key} /> },
          {
            title: "Act",
            hidden: true,
            cell: ({ id, lastUsedAt, revokedAt }) =>
              admin &&
              revokedAt === null && (
                <button type="button" aria-label={`Revoke… ${id}`} onClick={() => revoking.openWith({ id, lastUsedAt })}>
                  Revoke…
                </button>
              ),
          },
        ]}
        empty={empty}
      />
      {making.isOpen && make(making, keys.refresh)}
      {revoking.isOpen && (
        <RevokeKey
          dialog={revoking}
          what={what}
          label={keys.rows?.find(({ id }) => id === revoking.draft.id)?.label}
          revoke={revoke}
          revoked={keys.refresh}
        />
      )}
    </>
  );
  if (lead === undefined)
    return (
      <>
        <div class="actions">{actions}</div>
        {content}
      </>
    );
  return (
    <Page title={name} lead={lead} actions={actions}>
      <div class="filters">
        <Switch label="Show revoked keys" checked={showsRevoked()} onChange={(revoked) => setFilters({ revoked })} />
        {filter}
      </div>
      {content}
    </Page>
  );
}

function KeyStatus({ of: { revokedAt, expiresAt } }: { of: Key }) {
  if (revokedAt !== null) {
    return (
      <>
        <Badge tone="calm">Revoked</Badge> <Time at={revokedAt} quiet />
      </>
    );
  }
  return expiresAt && Date.parse(expiresAt) <= Date.now() ? (
    <Badge tone="calm">Expired</Badge>
  ) : (
    <Badge tone="good">In force</Badge>
  );
}
