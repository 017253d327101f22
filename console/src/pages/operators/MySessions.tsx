import { ActDialog } from "../../parts/ActDialog";
import { type DialogState, useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { readSession } from "../../state/session";
import type { Draft } from "../../state/step-up";
import { SessionTable } from "./SessionTable";

export function MySessions() {
  const sessions = useResource("my sessions", (signal) => api.GET("/console/sessions", { signal }));
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
      {end.isOpen && <EndMySessions dialog={end} />}
    </Page>
  );
}

function EndMySessions({ dialog }: { dialog: DialogState<Draft> }) {
  const act = useAct(() => api.POST("/console/sessions/end"), { settledThen: () => void readSession() });
  return (
    <ActDialog
      dialog={dialog}
      title="Sign out everywhere"
      act={act}
      label="Sign out everywhere"
      danger
      repeatable
      done={() => <p>You are signed out.</p>}
    >
      <p>All your sessions end, this one too.</p>
    </ActDialog>
  );
}
