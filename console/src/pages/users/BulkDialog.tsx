// An act on many users: a preview, a reason, then a run that does exactly what the preview showed.

import { useId, useState } from "preact/hooks";
import type { components } from "../../api";
import { showCount, showMany } from "../../lib/number";
import { ActDialog } from "../../parts/ActDialog";
import { Choices } from "../../parts/Choices";
import type { DialogState } from "../../parts/Dialog";
import { ConfirmText, isTyped, ReasonField } from "../../parts/fields";
import { useAct } from "../../state/act";
import { api, type Call } from "../../state/client";
import { refreshAll } from "../../state/refresh";
import { navigate } from "../../state/router";
import { may } from "../../state/session";
import { BODIES, WAYS, type Way } from "../user/reset-ways";
import { type BulkDraft, joined, MOST } from "./BulkBar";
import { BulkPreview } from "./BulkPreview";
import { ACT_TEXTS, buttonOf, entriesIn } from "./bulk";
import { tickNone } from "./selection";

export type BulkPlan = components["schemas"]["BulkPlan"];
type Run = components["schemas"]["BackfillProgress"];

export function BulkDialog({ dialog }: { dialog: DialogState<BulkDraft> }) {
  const { act: kind = "provision", users: kept = "" } = dialog.draft;
  const way: Way = dialog.draft.way && dialog.draft.way in BODIES ? (dialog.draft.way as Way) : "keep";
  const [text, setText] = useState("");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const entries = kept === "" ? entriesIn(text) : kept.split("\n");
  const order = { action: kind, users: entries, ...(kind === "reset" && { options: BODIES[way] }) };
  const post = <T,>(more: object) => api.POST("/admin/threedeye/bulk", { body: { ...order, ...more } }) as Call<T>;

  const look = useAct(() => post<BulkPlan>({}), { dialog: { name: dialog.name, draft: { act: kind, way, users: kept } } });
  const plan = look.state.kind === "done" ? look.state.data : null;
  const named = plan?.users.flatMap(({ userId }) => userId ?? []) ?? [];
  const start = useAct(() => post<Run>({ plan: plan?.plan, reason: reason.trim() }), {
    // E-mails are not kept over a sign-in: the users that they name are.
    dialog: { name: dialog.name, draft: { act: kind, way, users: joined(named) } },
    settledThen: refreshAll,
    done: ({ runId }) => {
      tickNone();
      navigate(["runs", runId]);
    },
  });
  const anew = () => {
    look.reset();
    start.reset();
    setTyped("");
  };
  const missing = () => {
    if (entries.length === 0) return "Give an id or an e-mail";
    if (entries.length > MOST) return `${showCount(MOST)} at most`;
    if (!plan) return null;
    if (plan.ready === 0) return "It would be refused for all of them";
    if (!may(plan.needs.role)) return `Takes the role ${plan.needs.role}`;
    if (reason.trim() === "") return "Give a reason";
    return isTyped(plan.needs.typed, typed) ? null : "Type the number to confirm";
  };
  const outdated = start.state.kind === "failed" && start.state.failure.status === 409;
  return (
    <ActDialog<BulkPlan | Run>
      dialog={dialog}
      title={ACT_TEXTS[kind].title}
      act={plan ? start : look}
      label={plan ? buttonOf(kind, plan.ready) : "Look first"}
      danger={plan !== null && (kind === "offboard" || plan.deletes > 0)}
      missing={outdated ? "Look again first" : missing()}
      repeatable
      done="The run was started."
      advice={() =>
        plan && (
          <>
            Nothing was done.{" "}
            <button type="button" onClick={anew}>
              Look again
            </button>
          </>
        )
      }
    >
      {ACT_TEXTS[kind].effect && <p>{ACT_TEXTS[kind].effect}</p>}
      {kept === "" ? (
        <Entries
          value={text}
          count={entries.length}
          onChange={(text) => {
            setText(text);
            anew();
          }}
        />
      ) : (
        <p>
          <strong>{showMany(entries.length, "user")}</strong> selected.
        </p>
      )}
      {kind === "reset" && (
        <Choices
          legend="What should it do to each?"
          value={way}
          choices={WAY_CHOICES()}
          onChange={(way) => {
            dialog.keep({ way });
            anew();
          }}
        />
      )}
      {plan && (
        <>
          <BulkPreview plan={plan} />
          <ReasonField value={reason} onChange={setReason} />
          {plan.needs.typed !== null && (
            <ConfirmText
              expected={plan.needs.typed}
              value={typed}
              onChange={setTyped}
              loses={`This is the number of users that it is done to${plan.losers > 0 ? ". Cameras are lost for good" : ""}.`}
            />
          )}
        </>
      )}
    </ActDialog>
  );
}

const WAY_CHOICES = () =>
  (Object.keys(WAYS) as Way[]).map((value) => {
    const { title, effect, least } = WAYS[value];
    const disabled = !may(least);
    return { value, label: title, hint: disabled ? `${effect} Takes the role ${least}.` : effect, disabled };
  });

interface EntriesProps {
  value: string;
  count: number;
  onChange: (value: string) => void;
}

function Entries({ value, count, onChange }: EntriesProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Ids or e-mails</label>
      <textarea
        id={id}
        rows={6}
        spellcheck={false}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="hint">
        One a line, or separated by commas; {showCount(MOST)} at most. {count > 0 && `${showCount(count)} so far.`}
      </p>
    </div>
  );
}
