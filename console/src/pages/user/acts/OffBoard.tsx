// Off-boarding: what is stored about a person is erased, here and at 3dEye.

import { useState } from "preact/hooks";
import type { components } from "../../../api";
import type { UserDetail } from "../../../contract";
import { withoutAnswer } from "../../../lib/failure";
import { ActDialog } from "../../../parts/ActDialog";
import type { DialogState } from "../../../parts/Dialog";
import { FailureNotice } from "../../../parts/FailureNotice";
import { ConfirmText, isTyped, ReasonField } from "../../../parts/fields";
import { Skeleton } from "../../../parts/Panel";
import { useAct } from "../../../state/act";
import { api } from "../../../state/client";
import { refreshAll } from "../../../state/refresh";
import { useResource } from "../../../state/resource";
import { navigate } from "../../../state/router";
import type { Draft } from "../../../state/step-up";
import { Ids } from "../Check";
import { DialogButton } from "../DialogButton";

type Deletion = components["schemas"]["UserDeletion"];

/** How much of the id is typed. */
const TYPED_CHARS = 6;

export function OffBoardButton({ user: { userId, found, provisioning } }: { user: UserDetail }) {
  return (
    <DialogButton name={`off-board ${userId}`} label="Off-board…" idle={!found && provisioning.state === "none"}>
      {(dialog) => <OffBoardDialog userId={userId} dialog={dialog} />}
    </DialogButton>
  );
}

function OffBoardDialog({ userId, dialog }: { userId: string; dialog: DialogState<Draft> }) {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const expected = [...userId].slice(-TYPED_CHARS).join("");
  const path = { userId };
  const [begun, setBegun] = useState(false);
  const preview = useResource<Deletion>(begun ? null : `off-board ${userId}`, () =>
    api.DELETE("/admin/users/{userId}", { params: { path, query: { dryRun: true } } }),
  );
  const [shown, setShown] = useState<Deletion | undefined>();
  const deletion = shown ?? preview.data;
  const body = { confirm: userId, reason: reason.trim() };
  const act = useAct<Deletion>(() => api.DELETE("/admin/users/{userId}", { params: { path }, body }), {
    dialog,
    settledThen: refreshAll,
  });
  const run = () => {
    setShown(deletion);
    setBegun(true);
    return act.run();
  };
  const missing = () => {
    if (!deletion) return "Wait for the preview";
    if (deletion.remote.error) return "3dEye could not be read";
    if (body.reason === "") return "Give a reason";
    return isTyped(expected, typed) ? null : "Type the characters to confirm";
  };
  const { kind } = act.state;
  return (
    <ActDialog
      act={{ ...act, run }}
      dialog={{ ...dialog, close: kind === "done" ? () => navigate(["audit"], { subject: userId }) : dialog.close }}
      title="Off-board this person"
      label="Erase the person’s data"
      danger
      missing={missing()}
      done={(done) => (
        <p>
          What was stored about the person is erased. When you close this, the audit trail shows it.
          {done.remote.leftInPlace.length > 0 && (
            <>
              {" "}
              Left at 3dEye, as protected: <Ids of={done.remote.leftInPlace} />. An admin has to decide about it there.
            </>
          )}
        </p>
      )}
      repeatable
      advice={(status) => (status === 404 ? "There is no such user any more. An earlier request may have done it." : undefined)}
    >
      {preview.failure && !shown ? (
        <FailureNotice
          failure={preview.failure.kind === "unknown_outcome" ? withoutAnswer("GET") : preview.failure}
          retry={preview.refresh}
        />
      ) : deletion ? (
        <>
          <Preview deletion={deletion} />
          <ReasonField value={reason} onChange={setReason} />
          <ConfirmText
            expected={expected}
            value={typed}
            onChange={setTyped}
            loses="This cannot be undone. These are the last characters of the user’s id."
          />
        </>
      ) : (
        <Skeleton lines={5} />
      )}
    </ActDialog>
  );
}

const KINDS: Readonly<Record<Exclude<keyof Deletion["deleted"], "user">, string>> = {
  profile: "the profile",
  secondFactor: "the second factor",
  backupCodes: "backup codes",
  apiKeys: "valid API keys",
  instanceUsers: "logins at instances",
  pushTokens: "devices for push messages",
  scenes: "dashboards chosen for scenes",
  notices: "notices not delivered yet",
};

function Preview({ deletion: { deleted, remote } }: { deletion: Deletion }) {
  const parts = Object.entries(KINDS)
    .map(([key, name]) => [deleted[key as keyof typeof KINDS], name] as const)
    .filter(([count]) => count !== 0 && count !== false)
    .map(([count, name]) => (typeof count === "number" ? `${name} (${count})` : name));
  return (
    <section class="notice bad" aria-label="Preview">
      <h3>Preview</h3>
      <ul>
        <li>
          {deleted.user ? "Will be erased here: the user" : "The user is deleted already. Will be erased here: what is left"}
          {parts.length > 0 && `, with ${parts.join(", ")}`}.
        </li>
        {remote.accountIds.length > 0 ? (
          <li>
            Will be deleted at 3dEye: <Ids of={remote.accountIds} />
            {remote.roleIds.length > 0 && (
              <>
                , with {remote.roleIds.length === 1 ? "the camera" : "the cameras"} <Ids of={remote.roleIds} />
              </>
            )}
            .
          </li>
        ) : (
          !remote.error && <li>At 3dEye there is no account to delete.</li>
        )}
        {remote.leftInPlace.length > 0 && (
          <li>
            Stays at 3dEye, as protected: <Ids of={remote.leftInPlace} />.
          </li>
        )}
        {remote.error && <li>What is at 3dEye is not known: {remote.error}. Look again in a minute.</li>}
        <li>What was done to the user stays in the audit trail.</li>
      </ul>
    </section>
  );
}
