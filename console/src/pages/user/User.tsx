import { useState } from "preact/hooks";
import type { UserDetail } from "../../contract";
import { AsOf } from "../../parts/AsOf";
import { CopyButton, CurlButton } from "../../parts/CopyButton";
import { FailureNotice } from "../../parts/FailureNotice";
import { Page } from "../../parts/Page";
import { Skeleton } from "../../parts/Panel";
import { StateBadge } from "../../parts/StateBadge";
import { Tabs } from "../../parts/Tabs";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource, useSettled } from "../../state/resource";
import { href } from "../../state/router";
import { may } from "../../state/session";
import { Check } from "./Check";
import { NextStep } from "./NextStep";
import { Personal } from "./Personal";
import { HistoryTab } from "./tabs/HistoryTab";
import { JsonTab } from "./tabs/JsonTab";
import { KeysTab } from "./tabs/KeysTab";
import { SecurityTab } from "./tabs/SecurityTab";
import { SummaryTab } from "./tabs/SummaryTab";
import { ThreedeyeTab } from "./tabs/ThreedeyeTab";
import { forTicket } from "./ticket";

/** While another actor works on the user. */
const POLL_MS = 3_000;

export function User({ userId, tab }: { userId: string; tab: string | undefined }) {
  const call = () => api.GET("/admin/users/{userId}", { params: { path: { userId } } });
  const resource = useResource(`user ${userId}`, call, { every: (user) => (user && isBusy(user) ? POLL_MS : null) });
  const [checking, setChecking] = useState(false);
  const { data: user, failure, loading, at, refresh } = resource;
  return (
    <Page
      title={`User ${userId}`}
      ready={useSettled([resource])}
      heading={
        <>
          User <code>{userId}</code>
        </>
      }
      actions={
        <>
          <CopyButton text={userId} label="Copy id" wide />
          <CopyButton text={`${location.origin}${location.pathname}${href(["users", userId])}`} label="Copy link" wide />
          {user && <CopyButton text={forTicket(user)} label="Copy for ticket" wide />}
          <CurlButton {...call()} />
        </>
      }
    >
      {failure && (
        <FailureNotice failure={failure} advice={failure.status === 404 && <NoSuchUser userId={userId} />} retry={refresh} />
      )}
      {user ? <Head user={user} /> : !failure && <Skeleton lines={18} />}
      {user && (
        <>
          <NextStep user={user} check={() => setChecking(true)} />
          {checking && <Check userId={userId} hide={() => setChecking(false)} />}
          <Tabs
            label="About this user"
            chosen={tab}
            href={(id) => href(["users", userId, id])}
            tabs={[
              { id: "summary", title: "Summary", content: () => <SummaryTab user={user} /> },
              { id: "3deye", title: "3dEye", content: () => <ThreedeyeTab user={user} /> },
              { id: "security", title: "Security", content: () => <SecurityTab user={user} /> },
              { id: "keys", title: "Keys", content: () => <KeysTab user={user} /> },
              { id: "history", title: "History", content: () => <HistoryTab user={user} /> },
              { id: "json", title: "JSON", content: () => <JsonTab user={user} /> },
            ]}
          />
        </>
      )}
      {user && <AsOf at={at} loading={loading} refresh={refresh} of="user" />}
    </Page>
  );
}

function NoSuchUser({ userId }: { userId: string }) {
  return (
    <>
      Check the id, or find the user by e-mail or phone above. What was done to a user who is gone is in the{" "}
      <a href={href(["audit"], { subject: userId })}>audit trail</a>.
    </>
  );
}

function Head({ user }: { user: UserDetail }) {
  const { found, email, phoneNumber, createdAt, provisioning } = user;
  if (!found)
    return (
      <p class="notice warn">
        There is no such user{provisioning.state !== "none" ? " any more, but something is still recorded about 3dEye." : "."}{" "}
        Check the id, or find the user by e-mail or phone above.
      </p>
    );
  return (
    <div class="user-head">
      <StateBadge {...provisioning} />
      <Personal userId={user.userId} field="email" masked={email} none="No e-mail" />
      {phoneNumber && <Personal userId={user.userId} field="phone" masked={phoneNumber} none="" />}
      <span class="quiet">
        Created <Time at={createdAt} none="at an unknown time" />
      </span>
      {!may("support") && <span class="quiet">You may look, not act: your role is viewer.</span>}
    </div>
  );
}

function isBusy({ provisioning: { leaseUntil } }: UserDetail): boolean {
  return leaseUntil !== null && new Date(leaseUntil).getTime() > Date.now();
}
