import type { Operator } from "../../contract";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Badge } from "../../parts/StateBadge";
import { PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { href } from "../../state/router";
import { may, operator as me } from "../../state/session";
import { AddOperator } from "./AddOperator";
import { ChangeRole, type RoleChange } from "./ChangeRole";
import { DisableOperator, type OperatorRow } from "./DisableOperator";

export function Operators() {
  const list = (after?: string) => api.GET("/admin/operators", { params: { query: { after } } });
  const operators = usePages("operators", list, ({ operators, next }) => ({ rows: operators, next }));
  const add = useDialog("add-operator");
  const change = useDialog<RoleChange>("change-role");
  const disable = useDialog<OperatorRow>("disable-operator");
  return (
    <Page
      title="Operators"
      lead="Who may use the console."
      actions={
        <>
          <CurlButton {...list()} />
          {may("admin") && (
            <button type="button" class="primary" onClick={add.open}>
              Add an operator…
            </button>
          )}
        </>
      }
    >
      <PagedTable
        name="Operators"
        pages={operators}
        rowKey={({ id }) => id}
        href={({ id }) => href(["operators", id])}
        columns={[
          { title: "E-mail", cell: ({ email }) => email },
          { title: "Role", cell: ({ role }) => role },
          { title: "Status", cell: (operator) => <OperatorStatus operator={operator} /> },
          { title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} none="Never signed in" quiet /> },
          { title: "Sessions", align: "end", cell: ({ sessions }) => sessions },
          {
            title: "Acts",
            hidden: true,
            cell: ({ id, email, role, disabledAt }) =>
              disabledAt === null && (
                <span class="actions">
                  <button type="button" aria-label={`Change role… of ${email}`} onClick={() => change.openWith({ id, role })}>
                    Change role…
                  </button>
                  <button type="button" aria-label={`Disable… ${email}`} onClick={() => disable.openWith({ id })}>
                    Disable…
                  </button>
                </span>
              ),
          },
        ]}
        empty="There is no operator. Add the people who may use the console."
      />
      {add.isOpen && <AddOperator dialog={add} added={operators.refresh} />}
      {change.isOpen && <ChangeRole dialog={change} operators={operators.rows ?? []} changed={operators.refresh} />}
      {disable.isOpen && <DisableOperator dialog={disable} operators={operators.rows ?? []} disabled={operators.refresh} />}
    </Page>
  );
}

function OperatorStatus({ operator: { id, disabledAt } }: { operator: Operator }) {
  if (disabledAt === null) return <Badge tone="good">{id === me.value?.id ? "Enabled (you)" : "Enabled"}</Badge>;
  return (
    <>
      <Badge tone="calm">Disabled</Badge> <Time at={disabledAt} quiet />
    </>
  );
}
