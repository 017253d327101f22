import type { UserDetail } from "../../../contract";
import { showMany } from "../../../lib/number";
import { Facts } from "../../../parts/Facts";
import { Section } from "../../../parts/Panel";
import { Badge } from "../../../parts/StateBadge";
import { Table } from "../../../parts/Table";
import { Time } from "../../../parts/Time";
import { may } from "../../../state/session";
import { PLATFORMS, RemovePushTokenButton } from "../acts/RemovePushToken";
import { TurnOffButton } from "../acts/TurnOff";
import { UnlockButton } from "../acts/Unlock";

export function SecurityTab({ user }: { user: UserDetail }) {
  const { userId, twoFactor, pushTokens } = user;
  const { enabled, enabledAt, setUpUntil, backupCodesRemaining, totp, backupCode } = twoFactor;
  const failures = totp.failures + backupCode.failures;
  return (
    <>
      <Section
        title="Second factor"
        actions={
          may("support") && (
            <>
              <UnlockButton userId={userId} idle={failures === 0} />
              <TurnOffButton userId={userId} idle={!enabled} />
            </>
          )
        }
      >
        <Facts
          of={[
            [
              "Second factor",
              enabled ? (
                <>
                  <Badge tone="good">On</Badge> since <Time at={enabledAt} relative />
                </>
              ) : (
                <Badge tone="calm">Off</Badge>
              ),
            ],
            setUpUntil !== null && [
              "Set-up begun",
              <>
                to be finished until <Time at={setUpUntil} relative />
              </>,
            ],
            enabled && [
              "Backup codes left",
              backupCodesRemaining === 0 ? "None: a lost device locks the person out" : backupCodesRemaining,
            ],
            enabled && ["Codes of the app", <Lock key="" of={totp} />],
            enabled && ["Backup codes", <Lock key="" of={backupCode} />],
            user.pendingEmail !== null && [
              "New e-mail",
              <>
                {user.pendingEmail}, to be confirmed until <Time at={user.pendingEmailUntil} relative />
              </>,
            ],
          ]}
        />
      </Section>
      <Section title="Devices for push messages">
        <Table
          name="Devices"
          rows={pushTokens}
          rowKey={({ id }) => id}
          columns={[
            { title: "Platform", cell: ({ platform }) => PLATFORMS[platform] ?? platform },
            { title: "Registered", cell: ({ createdAt }) => <Time at={createdAt} quiet /> },
            { title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} relative quiet /> },
            {
              title: "Remove",
              hidden: true,
              align: "end",
              cell: (token) => may("support") && <RemovePushTokenButton userId={userId} token={token} />,
            },
          ]}
          empty="No device is registered. The person signs in to the app and allows notifications there."
        />
      </Section>
    </>
  );
}

function Lock({ of: { failures, lockedUntil } }: { of: UserDetail["twoFactor"]["totp"] }) {
  if (lockedUntil)
    return (
      <>
        <Badge tone="bad">Locked</Badge> until <Time at={lockedUntil} relative />, after {failures} wrong codes
      </>
    );
  return failures === 0 ? "No wrong codes" : `${showMany(failures, "wrong code")} in a row, not locked`;
}
