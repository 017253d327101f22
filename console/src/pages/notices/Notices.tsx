import { useState } from "preact/hooks";
import type { Notice } from "../../contract";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { FilterNote } from "../../parts/FilterNote";
import { Select } from "../../parts/fields";
import { UserLink } from "../../parts/Id";
import { Page } from "../../parts/Page";
import { Badge } from "../../parts/StateBadge";
import { PagedTable } from "../../parts/Table";
import { Due, Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { causeOf } from "./causes";
import { DeliverAll } from "./DeliverAll";
import { DeliverNow } from "./DeliverNow";
import { DropNotice, type NoticeRow } from "./DropNotice";
import { KINDS, kindName } from "./kinds";

const STATES = [
  ["waiting", "All that wait"],
  ["failing", "Tried before"],
] as const;

export function Notices() {
  const { filters } = address.value;
  const state = filters.get("state") === "failing" ? "failing" : "waiting";
  const type = KINDS.find(([kind]) => kind === filters.get("type"))?.[0];
  const userId = filters.get("userId") ?? undefined;
  const query = { state, type, userId } as const;
  const list = (after?: string) => api.GET("/admin/notices", { params: { query: { ...query, after } } });
  const notices = usePages(JSON.stringify(query), list, ({ notices, next }) => ({ rows: notices, next }));
  const drop = useDialog<NoticeRow>("drop-notice");
  const deliverAll = useDialog("deliver-notices");
  const support = may("support");
  return (
    <Page
      title="Notices"
      lead="Mails about accounts that were not delivered yet."
      actions={
        <>
          <CurlButton {...list()} />
          {support && (
            <button type="button" onClick={deliverAll.open}>
              Deliver all now…
            </button>
          )}
        </>
      }
    >
      <div class="filters">
        <Select label="Show" value={state} options={STATES} onChange={(state) => setFilters({ state })} />
        <Select label="Type" value={type ?? ""} options={[["", "Any"], ...KINDS]} onChange={(type) => setFilters({ type })} />
        {userId && (
          <FilterNote name="userId" all="Show all">
            To <UserLink id={userId} />
          </FilterNote>
        )}
      </div>
      <PagedTable
        name="Notices"
        pages={notices}
        rowKey={({ id }) => id}
        columns={[
          { title: "Type", cell: ({ type }) => kindName(type) },
          {
            title: "To",
            cell: ({ userId, recipient }) => (
              <>
                <UserLink id={userId} />
                <br />
                <span class="quiet">{recipient ?? "Neither e-mail nor phone"}</span>
              </>
            ),
          },
          { title: "State", cell: (notice) => <Standing notice={notice} /> },
          { title: "Next attempt", cell: ({ dueAt }) => <Due at={dueAt} /> },
          { title: "Written", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
          { title: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} none="Never" quiet /> },
          {
            title: "Acts",
            hidden: true,
            cell: ({ id }) => support && <Acts id={id} changed={notices.refresh} drop={() => drop.openWith({ id })} />,
          },
        ]}
        empty={
          type || userId || state === "failing"
            ? "No notice is like that: those were delivered, or there was none."
            : "No notice waits: all were delivered."
        }
      />
      {drop.isOpen && <DropNotice dialog={drop} dropped={notices.refresh} />}
      {deliverAll.isOpen && <DeliverAll dialog={deliverAll} state={state} delivered={notices.refresh} />}
    </Page>
  );
}

function Standing({ notice: { attempts, lastCause } }: { notice: Notice }) {
  if (attempts === 0) return <Badge tone="calm">Not tried yet</Badge>;
  return (
    <>
      <Badge tone="warn">Failed {attempts === 1 ? "once" : `${attempts} times`}</Badge>
      {lastCause && <Cause cause={lastCause} />}
    </>
  );
}

function Cause({ cause }: { cause: string }) {
  const { means, doThis } = causeOf(cause);
  return (
    <p class="hint">
      {means} {doThis}
    </p>
  );
}

interface ActsProps {
  id: string;
  changed: () => void;
  drop: () => void;
}

function Acts({ id, changed, drop }: ActsProps) {
  const [sent, setSent] = useState(false);
  return (
    <span class="actions">
      {sent ? (
        <span role="status">On its way</span>
      ) : (
        <DeliverNow
          id={id}
          delivered={() => {
            setSent(true);
            // It is sent right after the answer.
            setTimeout(changed, 2_000);
          }}
        />
      )}
      <button type="button" aria-label={`Drop… ${id}`} onClick={drop}>
        Drop…
      </button>
    </span>
  );
}
