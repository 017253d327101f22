// A dialog that makes a key. The key is shown once, and the dialog stays until it is stored.

import { useState } from "preact/hooks";
import { ActDialog, type ActDialogProps } from "./ActDialog";
import { CopyButton } from "./CopyButton";
import { Checkbox } from "./inputs";

interface SecretDialogProps<T> extends Omit<ActDialogProps<T>, "done" | "held"> {
  /** "API key". */
  what: string;
  secretOf: (made: T) => string;
}

export function SecretDialog<T>({ what, secretOf, ...dialog }: SecretDialogProps<T>) {
  const [stored, setStored] = useState(false);
  const shown = dialog.act.state.kind === "done" && !stored;
  return (
    <ActDialog
      {...dialog}
      held={shown ? `Store the ${what} first, and tick that you have. It cannot be shown again.` : null}
      done={(made) => (
        <>
          <p>This is the {what}. It is shown this once and cannot be read back.</p>
          <p class="row">
            <code class="secret">{secretOf(made)}</code>
            <CopyButton text={secretOf(made)} label={`Copy the ${what}`} wide />
          </p>
          <Checkbox label="I have stored it" checked={stored} onChange={setStored} />
        </>
      )}
    />
  );
}
