import { ActDialog } from "../../parts/ActDialog";
import { CopyButton, CurlButton } from "../../parts/CopyButton";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";
import { may, operator as me } from "../../state/session";
import type { Draft } from "../../state/step-up";
import { SessionTable } from "./SessionTable";

const PATH = "/admin/operators/{operatorId}/sessions";

/** An operator's sessions. */
export function Operator({ operatorId }: { operatorId: string }) {
  const sessions = useResource(`sessions ${operatorId}`, (signal) => api.GET(PATH, { params: { path: { operatorId } }, signal }));
  const end = useDialog(`end-sessions ${operatorId}`);
  return (
    <Page
      title="Operator"
      lead={
        <>
          <code>{operatorId}</code> <CopyButton text={operatorId} label="Copy id" /> <a href="#/operators">All operators</a>{" "}
          <a href={href(["audit"], { actor: `operator:${operatorId}` })}>What they did</a>
        </>
      }
      actions={
        <>
          <CurlButton method="GET" path={`/admin/operators/${encodeURIComponent(operatorId)}/sessions`} />
          {may("admin") && (
            <button type="button" class="danger" onClick={end.open}>
              Sign out everywhere…
            </button>
          )}
        </>
      }
    >
      <Panel title="Sessions" resource={sessions}>
        {(data) => <SessionTable sessions={data.sessions} empty="They are signed in nowhere." />}
      </Panel>
      {end.isOpen && <EndSessions dialog={end} operatorId={operatorId} ended={sessions.refresh} />}
    </Page>
  );
}

interface EndSessionsProps {
  dialog: DialogState<Draft>;
  operatorId: string;
  ended: () => void;
}

function EndSessions({ dialog, operatorId, ended }: EndSessionsProps) {
  const act = useAct(() => api.DELETE(PATH, { params: { path: { operatorId } } }), {
    dialog: { name: `end-sessions ${operatorId}`, draft: () => ({}) },
    settledThen: ended,
  });
  return (
    <ActDialog
      dialog={dialog}
      title="Sign them out everywhere"
      act={act}
      label="Sign out everywhere"
      danger
      repeatable
      done={() => <p>All their sessions have ended.</p>}
      curl={{ method: "DELETE", path: `/admin/operators/${operatorId}/sessions` }}
    >
      <p>Their next click asks them to sign in again. For good is “Disable…” in the list.</p>
      {operatorId === me.value?.id && <p class="notice warn">This is you: you will be signed out here, too.</p>}
    </ActDialog>
  );
}
