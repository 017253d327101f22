// A run is started in two steps: first a dry run says how many users it is about.

import { useState } from "preact/hooks";
import { showCount, showMany } from "../../lib/number";
import { ActDialog } from "../../parts/ActDialog";
import type { DialogState } from "../../parts/Dialog";
import { TextField } from "../../parts/inputs";
import { useAct } from "../../state/act";
import { api } from "../../state/client";
import { href, navigate } from "../../state/router";
import type { Draft } from "../../state/step-up";

const PATH = "/admin/backfill-threedeye";
/** More than these are left to the queue, which keeps no request waiting. */
const INLINE_LIMIT = 50;
const LARGEST = 10_000;
const SAMPLE = 10;

interface StartRunProps {
  dialog: DialogState<Draft>;
  /** Called when a run was started, or may have been. */
  started: () => void;
}

export function StartRun({ dialog, started }: StartRunProps) {
  const [text, setText] = useState(String(dialog.draft?.limit ?? INLINE_LIMIT));
  const limit = /^[1-9]\d{0,4}$/.test(text) && Number(text) <= LARGEST ? Number(text) : null;
  const mode = limit !== null && limit > INLINE_LIMIT ? "queue" : "inline";
  const request = (dryRun: boolean) => ({ params: { query: { limit: limit ?? INLINE_LIMIT, mode, dryRun } } }) as const;
  const count = useAct(() => api.POST(PATH, request(true)));
  const start = useAct(() => api.POST(PATH, request(false)), {
    dialog: { name: "start-run", draft: { limit } },
    settledThen: started,
    done: ({ runId }) => runId && navigate(["runs", runId]),
  });
  const counted = count.state.kind === "done" ? count.state.data : null;
  const users = counted?.planned.length ?? 0;
  const missing =
    limit === null ? `Give a number from 1 to ${showCount(LARGEST)}` : counted && users === 0 ? "No user is due" : null;

  return (
    <ActDialog
      dialog={dialog}
      title="Start a run"
      act={counted ? start : count}
      label={users > 0 ? `Start for ${showMany(users, "user")}` : counted ? "Start" : "Count first"}
      missing={missing}
      // Counting changes nothing; a second start would be a second run.
      repeatable={!counted}
      done={() => <p>The run was started.</p>}
      advice={(status) =>
        status === 409 ? "No run begins while provisioning is paused. An admin can resume it under System." : null
      }
      curl={{ method: "POST", path: PATH, query: { limit, mode, dryRun: counted ? null : true } }}
    >
      <TextField
        label="Users at most"
        inputMode="numeric"
        value={text}
        onChange={(value) => {
          setText(value);
          count.reset();
          start.reset();
        }}
        hint={`Those that have waited longest come first. More than ${INLINE_LIMIT} are left to the queue, ${showCount(LARGEST)} at most.`}
      />
      {counted && <Counted planned={counted.planned} waiting={counted.remaining} />}
    </ActDialog>
  );
}

function Counted({ planned, waiting }: { planned: readonly string[]; waiting: number }) {
  if (planned.length === 0) {
    return (
      <p class="notice" role="status">
        {waiting === 0 ? "No user waits." : `No user is due. Waiting for their next attempt: ${showMany(waiting, "user")}.`}
      </p>
    );
  }
  return (
    <div class="notice" role="status">
      <p>
        <strong>{showMany(planned.length, "user")}</strong> would have their turn now, of {showCount(waiting)} that wait.
      </p>
      <ul class="sample">
        {planned.slice(0, SAMPLE).map((userId) => (
          <li key={userId}>
            <a href={href(["users", userId])}>
              <code>{userId}</code>
            </a>
          </li>
        ))}
      </ul>
      {planned.length > SAMPLE && <p class="quiet">and {showCount(planned.length - SAMPLE)} more</p>}
    </div>
  );
}
