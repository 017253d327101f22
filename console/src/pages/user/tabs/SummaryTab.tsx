import type { UserDetail } from "../../../contract";
import { Facts } from "../../../parts/Facts";
import { Section } from "../../../parts/Panel";
import { Time } from "../../../parts/Time";
import { href } from "../../../state/router";
import { may } from "../../../state/session";
import { ExportButton } from "../acts/Export";
import { OffBoardButton } from "../acts/OffBoard";
import { TeamButton } from "../acts/Team";
import { HistoryList } from "./HistoryTab";

export function SummaryTab({ user }: { user: UserDetail }) {
  const { userId, found, authSubject, teamId, twoFactor, apiKeys, notices, history } = user;
  return (
    <div class="columns">
      <Section
        title="Person"
        actions={
          may("admin") && (
            <>
              {found && <TeamButton userId={userId} teamId={teamId} />}
              <ExportButton userId={userId} />
              <OffBoardButton user={user} />
            </>
          )
        }
      >
        <Facts
          of={[
            ["Sign-in subject", authSubject && <code>{authSubject}</code>],
            ["Team", teamId],
            user.pendingEmail !== null && [
              "New e-mail",
              <>
                {user.pendingEmail}, to be confirmed until <Time at={user.pendingEmailUntil} relative />
              </>,
            ],
            ["Second factor", twoFactor.enabled ? "On" : "Off"],
            ["API keys", <a href={href(["users", userId, "keys"])}>{countOf(apiKeys.length, "key")}</a>],
            ["Notices", noticeText(notices)],
          ]}
        />
      </Section>
      <Section title="Latest acts" actions={<a href={href(["users", userId, "history"])}>All history</a>}>
        <HistoryList entries={history.slice(0, 6)} />
      </Section>
    </div>
  );
}

function noticeText({ waiting, failing }: UserDetail["notices"]) {
  if (waiting === 0) return "None waiting";
  return `${countOf(waiting, "notice")} waiting${failing > 0 ? `, ${failing} failing` : ""}`;
}

/** The lists of one user end at twenty. */
const countOf = (count: number, thing: string) =>
  `${count === 0 ? "No" : count}${count >= 20 ? " or more" : ""} ${thing}${count === 1 ? "" : "s"}`;
