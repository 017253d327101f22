// A dialog that makes a key. The key is shown once, and the dialog stays until it is stored.

import { useState } from "preact/hooks";
import { useAct } from "../state/act";
import { ActDialog, type CallDialogProps } from "./ActDialog";
import { CopyButton } from "./CopyButton";
import { Checkbox } from "./inputs";

interface SecretDialogProps<T> extends Omit<CallDialogProps<T>, "done" | "held"> {
  /** "API key". */
  what: string;
  secretOf: (made: T) => string;
}

export function SecretDialog<T>({ what, secretOf, call, settledThen, ...rest }: SecretDialogProps<T>) {
  const act = useAct(call, { dialog: rest.dialog, settledThen });
  const [stored, setStored] = useState(false);
  const shown = act.state.kind === "done" && !stored;
  return (
    <ActDialog
      {...rest}
      act={act}
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
