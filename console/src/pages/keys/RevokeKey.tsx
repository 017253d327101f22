import { useState } from "preact/hooks";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { ConfirmText, isTyped } from "../../parts/fields";
import { Time } from "../../parts/Time";
import { useAct } from "../../state/act";
import type { Answer } from "../../state/client";

/** Which key, and when it was last used; `lastUsedAt` is left out where the service does not record it. */
export type KeyToRevoke = { id: string; lastUsedAt?: string | null };

const RECENT_MS = 24 * 60 * 60_000;
const TYPED = 6;

interface RevokeKeyProps {
  dialog: DialogState<KeyToRevoke>;
  /** The dialog's own name. */
  name: string;
  /** "API key". */
  what: string;
  path: string;
  send: (id: string) => Answer<unknown>;
  revoked: () => void;
}

export function RevokeKey({ dialog, name, what, path, send, revoked }: RevokeKeyProps) {
  const { id = "", lastUsedAt } = dialog.draft ?? {};
  const [typed, setTyped] = useState("");
  const act = useAct(() => send(id), {
    dialog: { name, draft: () => ({ ...dialog.draft }) },
    settledThen: revoked,
  });
  // Without a record it may be in use at this moment.
  const inUse = lastUsedAt === undefined || (lastUsedAt !== null && Date.now() - Date.parse(lastUsedAt) < RECENT_MS);
  const expected = inUse ? id.slice(-TYPED) : null;
  return (
    <ActDialog
      dialog={dialog}
      title={`Revoke this ${what}`}
      act={act}
      label="Revoke the key"
      danger
      missing={isTyped(expected, typed) ? null : "Type the text first"}
      done={() => <p>Requests with it are refused from now on.</p>}
      curl={{ method: "DELETE", path: `${path}/${encodeURIComponent(id)}` }}
    >
      <dl class="facts">
        <div>
          <dt>Key</dt>
          <dd>
            <code>{id}</code>
          </dd>
        </div>
        <div>
          <dt>Last used</dt>
          <dd>
            {lastUsedAt === undefined ? "Not recorded for keys of this kind" : <Time at={lastUsedAt} none="Never" relative />}
          </dd>
        </div>
      </dl>
      {expected === null ? (
        <p>Programs that have it are refused at once. It cannot be put in force again.</p>
      ) : (
        <ConfirmText
          expected={expected}
          value={typed}
          onChange={setTyped}
          loses={
            lastUsedAt === undefined
              ? "It may be in use. Programs that have it are refused at once, and it cannot be put in force again."
              : "It was used within the last day. Programs that have it are refused at once, and it cannot be put in force again."
          }
        />
      )}
    </ActDialog>
  );
}
