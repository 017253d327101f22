import type { ComponentChildren } from "preact";
import type { Count, Overview } from "../../contract";
import { showCount } from "../../lib/number";
import { words } from "../../lib/words";
import { Time } from "../../parts/Time";
import { href } from "../../state/router";

/** What is counted, how many, how grave that is, what that means. */
type Tile = readonly [name: string, count: Count, tone: "bad" | "warn" | "busy", counts: ComponentChildren];

export function Tiles({ overview }: { overview: Overview }) {
  const { totals, due, oldestDueAt } = overview;
  const tiles: readonly Tile[] = [
    ["quarantined", overview.quarantined, "bad", "The e-mail is taken at 3dEye. Nothing is tried until support acts."],
    ["set_aside", overview.setAside, "bad", "Another user holds the same e-mail."],
    ["failing", overview.failing, "warn", "The last attempt failed. It is made again by itself."],
    ["attaching", overview.attaching, "warn", "The account works, but a camera is missing."],
    ["locked_out", overview.lockedOut, "warn", "Too many wrong codes: the second factor is locked."],
    [NOTICES, overview.noticesFailing, "warn", "Mails about accounts that could not be handed over yet."],
    [
      "waiting",
      overview.waiting,
      "busy",
      <>
        In the queue for the next runs, failing ones too. {shown(due)} due now
        {oldestDueAt && (
          <>
            , the first since <Time at={oldestDueAt} quiet />
          </>
        )}
        .
      </>,
    ],
  ];
  return (
    <>
      <ul class="tiles">
        {tiles.map(([name, count, tone, counts]) => (
          <li key={name} class={`tile ${count.count > 0 ? tone : "zero"}`}>
            <a
              href={name === NOTICES ? href(["notices"], { state: "failing" }) : href(["users"], { state: name })}
              aria-describedby={`counts-${name}`}
            >
              <span class="word">{words(name)}</span> <span class="count">{shown(count)}</span>
            </a>
            <p id={`counts-${name}`} class="hint">
              {counts}
            </p>
          </li>
        ))}
      </ul>
      {tiles.every(([, { count }, tone]) => tone === "busy" || count === 0) && (
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

/** All others are users in a state. */
const NOTICES = "notices_failing";

/** Counting stops at a thousand. */
const shown = ({ count, more }: Count): string => `${showCount(count)}${more ? "+" : ""}`;
