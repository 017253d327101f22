import type { ComponentChildren } from "preact";
import type { Count, Overview } from "../../contract";
import { showCount } from "../../lib/number";
import { Time } from "../../parts/Time";
import { href } from "../../state/router";
import { LIST_STATES, type ListState } from "../users/states";

interface Tile {
  word: string;
  /** What is counted, and what that means. */
  counts: ComponentChildren;
  count: Count;
  /** Where those are listed that it counts. */
  to: string;
  tone: "bad" | "warn" | "busy";
}

export function Tiles({ overview }: { overview: Overview }) {
  const { totals, due, oldestDueAt } = overview;
  const listed = (
    state: ListState,
    count: Count,
    tone: Tile["tone"],
    counts: ComponentChildren = LIST_STATES[state].lead,
  ): Tile => ({
    word: LIST_STATES[state].title,
    counts,
    count,
    to: href(["users"], { state }),
    tone,
  });
  const queue = (
    <>
      In the queue for the next runs, failing ones too. {shown(due)} due now
      {oldestDueAt && (
        <>
          , the first since <Time at={oldestDueAt} quiet />
        </>
      )}
      .
    </>
  );
  const tiles: Tile[] = [
    listed("quarantined", overview.quarantined, "bad"),
    listed("set_aside", overview.setAside, "bad"),
    listed("failing", overview.failing, "warn"),
    listed("attaching", overview.attaching, "warn"),
    {
      word: "Locked out",
      counts: "Too many wrong codes: their second factor is locked for now.",
      count: overview.lockedOut,
      to: href(["users"], { state: "locked_out" }),
      tone: "warn",
    },
    {
      word: "Notices failing",
      counts: "Mails about accounts that could not be handed over yet.",
      count: overview.noticesFailing,
      to: href(["notices"], { state: "failing" }),
      tone: "warn",
    },
    listed("waiting", overview.waiting, "busy", queue),
  ];
  return (
    <>
      <ul class="tiles">
        {tiles.map(({ word, counts, count, to, tone }, index) => (
          <li key={word} class={`tile ${count.count > 0 ? tone : "zero"}`}>
            <a href={to} aria-describedby={`counts-${index}`}>
              <span class="word">{word}</span> <span class="count">{shown(count)}</span>
            </a>
            <p id={`counts-${index}`} class="hint">
              {counts}
            </p>
          </li>
        ))}
      </ul>
      {tiles.every(({ count, tone }) => tone === "busy" || count.count === 0) && (
        <p class="quiet below">Nothing needs attention.</p>
      )}
      {totals && (
        <p class="quiet below">
          Last night {showCount(totals.complete)} of {showCount(totals.users)} users had their account.
        </p>
      )}
    </>
  );
}

/** Counting stops at a thousand. */
const shown = ({ count, more }: Count): string => `${showCount(count)}${more ? "+" : ""}`;
