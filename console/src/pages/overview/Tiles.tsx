import type { Count, Overview } from "../../contract";
import { Time } from "../../parts/Time";
import { href } from "../../state/router";

type Tone = "bad" | "warn" | "busy";

interface Tile {
  word: string;
  count: Count;
  to: string;
  tone: Tone;
}

export function Tiles({ overview }: { overview: Overview }) {
  const users = (state: string) => href(["users"], { state });
  const tiles: Tile[] = [
    { word: "Quarantined", count: overview.quarantined, to: users("quarantined"), tone: "bad" },
    { word: "Set aside", count: overview.setAside, to: users("set_aside"), tone: "bad" },
    { word: "Failing", count: overview.failing, to: users("failing"), tone: "warn" },
    { word: "Attaching", count: overview.attaching, to: users("attaching"), tone: "warn" },
    { word: "Locked out", count: overview.lockedOut, to: href(["audit"], { action: "two_factor.lock" }), tone: "warn" },
    { word: "Notices failing", count: overview.noticesFailing, to: href(["notices"], { state: "failing" }), tone: "warn" },
    { word: "Waiting", count: overview.waiting, to: users("waiting"), tone: "busy" },
    { word: "Due", count: overview.due, to: users("waiting"), tone: "busy" },
  ];
  return (
    <>
      <ul class="tiles">
        {tiles.map(({ word, count, to, tone }) => (
          <li key={word}>
            <a class={`tile ${count.count > 0 ? tone : "zero"}`} href={to}>
              <span class="word">{word}</span> <span class="count">{shown(count)}</span>
            </a>
          </li>
        ))}
      </ul>
      {tiles.every(({ count, tone }) => tone === "busy" || count.count === 0) && (
        <p class="quiet below">Nothing needs attention.</p>
      )}
      {overview.totals && (
        <p class="quiet below">
          Last night {overview.totals.complete.toLocaleString("en-GB")} of {overview.totals.users.toLocaleString("en-GB")} users
          had their account.
        </p>
      )}
      {overview.oldestDueAt && (
        <p class="quiet below">
          The user who has been due for longest: since <Time at={overview.oldestDueAt} relative />
        </p>
      )}
    </>
  );
}

/** Counting stops at a thousand. */
const shown = ({ count, more }: Count): string => `${count.toLocaleString("en-GB")}${more ? "+" : ""}`;
