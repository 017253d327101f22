import { useState } from "preact/hooks";
import { CallDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { Facts } from "../../parts/Facts";
import { ConfirmText, isTyped } from "../../parts/fields";
import { Time } from "../../parts/Time";
import type { Call } from "../../state/client";

/** Which key, and when it was last used; `lastUsedAt` is left out where the service does not record it. */
export type KeyToRevoke = { id: string; lastUsedAt?: string | null | undefined };

const RECENT_MS = 24 * 60 * 60_000;
const TYPED = 6;

interface RevokeKeyProps {
  dialog: DialogState<KeyToRevoke>;
  /** "API key". */
  what: string;
  /** What people call the key. */
  label: string | null | undefined;
  revoke: (id: string) => Call<unknown>;
  revoked: () => void;
}

export function RevokeKey({ dialog, what, label, revoke, revoked }: RevokeKeyProps) {
  const { id = "", lastUsedAt } = dialog.draft;
  const [typed, setTyped] = useState("");
  const isRecorded = lastUsedAt !== undefined;
  // Without a record it may be in use at this moment.
  const inUse = !isRecorded || (lastUsedAt !== null && Date.now() - Date.parse(lastUsedAt) < RECENT_MS);
  const expected = inUse ? id.slice(-TYPED) : null;
  const effect = "Programs that have it are refused at once. It cannot be put in force again.";
  return (
    <CallDialog
      dialog={dialog}
      title={`Revoke this ${what}`}
      call={() => revoke(id)}
      settledThen={revoked}
      label="Revoke the key"
      danger
      missing={isTyped(expected, typed) ? null : "Type the text first"}
      done="Requests with it are refused from now on."
    >
      <Facts
        of={[
          ["Label", label],
          ["Key", <code key="">{id}</code>],
          ["Last used", isRecorded ? <Time at={lastUsedAt} none="Never" relative /> : "Not recorded for keys of this kind"],
        ]}
      />
      {expected === null ? (
        <p>{effect}</p>
      ) : (
        <ConfirmText
          expected={expected}
          value={typed}
          onChange={setTyped}
          loses={`${isRecorded ? "It was used within the last day." : "It may be in use."} ${effect}`}
        />
      )}
    </CallDialog>
  );
}
