// Where the user stands and what happens next, with the acts that change it.

import type { Reason, State, UserDetail } from "../../contract";
import { type Guidance, guidance, nextOf, ofReason } from "../../guidance";
import { showMany } from "../../lib/number";
import { GuidanceText } from "../../parts/GuidanceText";
import { Section } from "../../parts/Panel";
import { Due } from "../../parts/Time";
import { href } from "../../state/router";
import { may } from "../../state/session";
import { ProvisionButton } from "./Provision";
import { ResetButton } from "./Reset";

/** What another attempt is likely to end with again. */
const MENDED_BY_RESET: ReadonlySet<Reason> = new Set([
  "unproved",
  "take_over_unproved",
  "made_for_another_email",
  "unsealable",
  "roles_pending",
] as const);

/** States that no attempt ends, and what does. */
const BLOCKED: Readonly<Partial<Record<State, string>>> = {
  quarantined: "An attempt lifts no quarantine: reset the user",
  set_aside: "Another user has the e-mail",
};

export function NextStep({ user, check }: { user: UserDetail; check: () => void }) {
  const { found, userId, provisioning } = user;
  const { state, reason, next, lastError, attempts } = provisioning;
  const wantsReset = reason !== null && MENDED_BY_RESET.has(reason);
  const wantsCheck = !wantsReset && next.act === "needs_support";
  const wantsProvision = !wantsReset && (next.act === "wait" || next.act === "create" || next.act === "attach_roles");
  const recorded = state !== "none" && state !== "waiting";
  const ends = state === "leaving" || state === "left_in_place";
  return (
    <Section
      title="What happens next"
      actions={
        <>
          <button type="button" class={wantsCheck ? "primary" : ""} onClick={check}>
            Check at 3dEye
          </button>
          {may("support") && <ResetButton user={user} primary={wantsReset} idle={!found && !recorded} />}
          {may("support") && (
            <ProvisionButton userId={userId} primary={wantsProvision} idle={!found || ends} blocked={BLOCKED[state]} />
          )}
        </>
      }
    >
      <p class="headline">
        <strong>{nextOf(next)}</strong>
        {next.at && (
          <span>
            {" "}
            <Due at={next.at} before="Due " />.
          </span>
        )}
      </p>
      <GuidanceText of={explain(user)} />
      {next.otherUserId && (
        <p>
          <a href={href(["users", next.otherUserId])}>
            Open the user who holds the e-mail: <code>{next.otherUserId}</code>
          </a>
        </p>
      )}
      {lastError && (
        <p class="quiet">
          Last error, {showMany(attempts, "attempt")} so far: {lastError}
        </p>
      )}
    </Section>
  );
}

/** The most telling of what is known: the reason, else the state. */
function explain({ found, provisioning: { state, reason } }: UserDetail): Guidance {
  const why = reason && ofReason(reason);
  return why || (found || state !== "none" ? guidance.state[state] : NOT_FOUND);
}

const NOT_FOUND: Guidance = {
  means: "The id is not that of a user, or the user was deleted and its account at 3dEye as well.",
  effect: "Nothing is done.",
  doThis: "Check the id. The tab History shows what was done to it.",
};
