import { CopyButton, CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";
import { may } from "../../state/session";
import { EndSessions } from "./EndSessions";
import { SessionTable } from "./SessionTable";

/** An operator's sessions. */
export function Operator({ operatorId }: { operatorId: string }) {
  const call = () => api.GET("/admin/operators/{operatorId}/sessions", { params: { path: { operatorId } } });
  const sessions = useResource(`sessions ${operatorId}`, call);
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
          <CurlButton {...call()} />
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
