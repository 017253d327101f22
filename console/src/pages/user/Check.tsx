// "Check at 3dEye": what 3dEye shows right now, beside what is recorded.

import type { components } from "../../api";
import { showMany } from "../../lib/number";
import { CurlButton } from "../../parts/CopyButton";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { type Step, Steps } from "./Steps";

type Diagnostics = components["schemas"]["Diagnostics"];

export function Check({ userId, hide }: { userId: string; hide: () => void }) {
  const call = () => api.GET("/admin/threedeye/users/{userId}", { params: { path: { userId } } });
  const check = useResource(`check ${userId}`, call);
  return (
    <Panel
      title="Check at 3dEye"
      resource={check}
      lines={11}
      actions={
        <>
          <CurlButton {...call()} />
          <button type="button" onClick={hide}>
            Hide
          </button>
        </>
      }
    >
      {(found) => (
        <>
          {found.remote.error && (
            <div class="notice bad" role="alert">
              <strong>{found.remote.error}</strong>
              <p>What is recorded here is shown all the same. Check again in a minute; nothing was changed.</p>
            </div>
          )}
          <Steps steps={steps(found)} />
        </>
      )}
    </Panel>
  );
}

const good = (title: string, detail: Step["detail"] = null): Step => ({ tone: "good", outcome: "Fine", title, detail });
const bad = (title: string, detail: Step["detail"]): Step => ({ tone: "bad", outcome: "Needs attention", title, detail });
const open = (title: string, detail: Step["detail"]): Step => ({ tone: "calm", outcome: "Not there", title, detail });
const unknown = (title: string): Step => ({ tone: "warn", outcome: "Unknown", title, detail: "3dEye did not say." });

function steps(found: Diagnostics): Step[] {
  return [user(found), customer(found), recorded(found), remote(found), cameras(found)];
}

function user({ user: { found, email } }: Diagnostics): Step {
  if (!found) return bad("User", "There is no such user.");
  return email === null || email.trim() === ""
    ? bad("User", "The user has no e-mail, so no account can be made.")
    : good("User", `E-mail ${email}`);
}

function customer({ remote: { configured, error, customerId, customerUserCount, sampleEmails } }: Diagnostics): Step {
  const title = "3dEye answers";
  if (!configured) return bad(title, "3dEye is not configured. Tell the service’s engineers.");
  if (error) return bad(title, error);
  return good(
    title,
    <>
      Our customer number there is <code>{customerId}</code>
      {customerUserCount !== null && `, with ${showMany(customerUserCount, "account")}`}
      {sampleEmails.length > 0 && `, such as ${sampleEmails.slice(0, 2).join(", ")}`}
    </>,
  );
}

function recorded({ mapping }: Diagnostics): Step {
  const title = "Account on record";
  const { found, threedeyeUserId, hasPassword, remoteAccountExists, takenOver } = mapping;
  if (!found || (threedeyeUserId === null && !hasPassword)) return open(title, "None yet.");
  if (threedeyeUserId === null)
    return { ...open(title, "An attempt was begun; whether it made an account is open."), tone: "warn" };
  const account = (
    <>
      <code>{threedeyeUserId}</code>
      {takenOver && ", in the place of one that we had not made"}
      {hasPassword ? "" : ", without its password"}
    </>
  );
  if (remoteAccountExists === false) return bad(title, <>{account}. It is not among our accounts any more: reset the user.</>);
  if (remoteAccountExists === null) return { ...unknown(title), detail: <>{account}. Whether it is there is not known.</> };
  return hasPassword ? good(title, account) : bad(title, account);
}

function remote({ remote: { configured, error, emailPresentInCustomer, match }, mapping }: Diagnostics): Step {
  const title = "Account with this e-mail";
  if (match) {
    const shown = (
      <>
        <code>{match.id}</code>, {match.email}
      </>
    );
    if (mapping.threedeyeUserId === match.id) return good(title, <>{shown}: the one on record.</>);
    return bad(
      title,
      <>{shown}. It is not the one on record, so its password is unknown. Provisioning replaces it and keeps its cameras.</>,
    );
  }
  if (!configured || error || emailPresentInCustomer === null) return unknown(title);
  if (mapping.state === "quarantined")
    return bad(
      title,
      "None among our accounts, but 3dEye says that the e-mail is taken: the account is elsewhere. Ask 3dEye’s support.",
    );
  return open(title, "None among our accounts. Provisioning makes one.");
}

function cameras({ remote: { match }, recovery }: Diagnostics): Step {
  const title = "Cameras";
  if (recovery.roleIds.length > 0)
    return {
      tone: "warn",
      outcome: "Waiting",
      title,
      detail: (
        <>
          Saved, to be attached again: <Ids of={recovery.roleIds} />
        </>
      ),
    };
  if (!match) return open(title, "No account to hold any.");
  return good(title, `The account holds ${showMany(match.roleCount, "camera")}.`);
}

/** Ids in a row. */
export function Ids({ of }: { of: readonly string[] }) {
  return (
    <>
      {of.map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <code>{id}</code>
        </span>
      ))}
    </>
  );
}
