// What is done to many users at once: those that are ticked, all that match, or a pasted list.

import { useEffect, useState } from "preact/hooks";
import { showCount } from "../../lib/number";
import { useDialog } from "../../parts/Dialog";
import { Place } from "../../place";
import { type Call, settled } from "../../state/client";
import { lost } from "../../state/connection";
import { may } from "../../state/session";
import { selected, tickNone } from "./selection";

/** As many as the service takes at once. */
export const MOST = 500;
/** As many as a page of a list has at most. */
const PAGE = 200;

export const ACTS = [
  ["provision", "Provision…", "support"],
  ["reset", "Reset…", "support"],
  ["offboard", "Off-board…", "admin"],
] as const;

export type BulkAct = (typeof ACTS)[number][0];

export type BulkDraft = { act: BulkAct; way: string; users: string };

/** Ids, as a draft keeps them. */
export const joined = (ids: Iterable<string>): string => [...ids].join("\n");

export interface BulkBarProps {
  /** Tells one list from another. */
  name: string;
  list: (after?: string, limit?: number) => Call<{ users: readonly { userId: string }[]; next: string | null }>;
}

export function BulkBar({ name, list }: BulkBarProps) {
  const dialog = useDialog<BulkDraft>("bulk");
  const [note, setNote] = useState("");
  const count = selected.value.size;
  useEffect(() => {
    setNote("");
    return tickNone;
  }, [name]);
  const tickAll = async () => {
    setNote("Reading …");
    const ids = new Set<string>();
    let after: string | undefined;
    do {
      const page = await settled(list(after, PAGE));
      if (!page.ok) return setNote(page.failure.message);
      for (const { userId } of page.data.users) ids.add(userId);
      after = page.data.next ?? undefined;
    } while (after !== undefined && ids.size < MOST);
    const more = after !== undefined || ids.size > MOST;
    selected.value = new Set([...ids].slice(0, MOST));
    setNote(more ? "more match" : "all that match");
  };
  const tickNoOne = () => {
    tickNone();
    setNote("");
  };
  const blocked = lost.value ? "Not while the connection is lost" : undefined;
  return (
    <>
      <fieldset class="bare actions" aria-label="Many at once">
        <span role="status">
          {count > 0 ? `${showCount(count)} selected` : "None selected: a list can be pasted"}
          {note && `, ${note}`}
        </span>
        <button type="button" class="plain" onClick={count > 0 ? tickNoOne : () => void tickAll()}>
          {count > 0 ? "Select none" : "Select all that match"}
        </button>
        {ACTS.filter(([, , least]) => may(least)).map(([act, label]) => (
          <button
            key={act}
            type="button"
            aria-disabled={blocked !== undefined}
            title={blocked}
            onClick={() => blocked || dialog.openWith({ act, users: joined(selected.value) })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      {dialog.isOpen && <Place page="BulkDialog" dialog={dialog} />}
    </>
  );
}
