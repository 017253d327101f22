import { CallDialog } from "../../parts/ActDialog";
import { useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { readSession } from "../../state/session";
import { SessionTable } from "./SessionTable";

export function MySessions() {
  const sessions = useResource("my sessions", () => api.GET("/console/sessions"));
  const end = useDialog("end-my-sessions");
  return (
    <Page
      title="My sessions"
      lead="Where you are signed in. If one is not yours, sign out everywhere and tell an admin."
      actions={
        <button type="button" class="danger" onClick={end.open}>
          Sign out everywhere…
        </button>
      }
    >
      <Panel title="Sessions" resource={sessions}>
        {(data) => <SessionTable sessions={data.sessions} empty="There is none." />}
      </Panel>
      {end.isOpen && (
        <CallDialog
          dialog={end}
          title="Sign out everywhere"
          call={() => api.POST("/console/sessions/end")}
          settledThen={() => void readSession()}
          label="Sign out everywhere"
          danger
          repeatable
          done="You are signed out."
          curl={null}
        >
          <p>All your sessions end, this one too.</p>
        </CallDialog>
      )}
    </Page>
  );
}
