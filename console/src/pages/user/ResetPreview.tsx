import type { ResetPlan } from "../../contract";
import { Ids } from "./Check";

interface PreviewProps {
  plan: ResetPlan;
  /** Cameras are attached again. */
  keeps: boolean;
  lookAgain?: (() => void) | undefined;
}

const WHY: Readonly<Record<string, string>> = {
  mapped: "the one on record",
  email: "has the user's e-mail",
  earlier: "made for this user earlier",
};

/** The cameras that are attached again. */
export function attachedAgain({ clear, remote, loses }: ResetPlan, keeps: boolean): string[] {
  const again = keeps ? [...remote.deletes.flatMap(({ roleIds }) => roleIds), ...clear.savedRoleIds] : [];
  return [...new Set(again)].filter((id) => !loses.roleIds.includes(id));
}

/** What a reset would do, in the order of what hurts. */
export function Preview({ plan, keeps, lookAgain }: PreviewProps) {
  const { clear, remote, loses, reprovision, warnings } = plan;
  const attached = attachedAgain(plan, keeps);
  return (
    <section class={loses.roleIds.length > 0 ? "notice bad" : "notice"} aria-label="Preview">
      <h3>Preview</h3>
      <ul>
        {remote.deletes.map(({ threedeyeUserId, roleIds, why }) => (
          <li key={threedeyeUserId}>
            Will be deleted at 3dEye: account <code>{threedeyeUserId}</code> ({WHY[why] ?? why})
            {roleIds.length > 0 ? (
              <>
                , with its {roleIds.length === 1 ? "camera" : "cameras"} <Ids of={roleIds} />.
              </>
            ) : (
              ", which has no cameras."
            )}
          </li>
        ))}
        {remote.notVisible && <li>At 3dEye there is no account to delete.</li>}
        {loses.roleIds.length > 0 && (
          <li>
            <strong>Will be lost for good:</strong> {loses.roleIds.length === 1 ? "camera" : "cameras"} <Ids of={loses.roleIds} />
            .
          </li>
        )}
        {attached.length > 0 && (
          <li>
            Will be attached again:{" "}
            {attached.length === 1 ? "this camera" : attached.length === 2 ? "both" : `all ${attached.length}`}
            {remote.deletes.length === 0 && (
              <>
                {" "}
                (<Ids of={attached} />)
              </>
            )}
            .
          </li>
        )}
        {clear.mapping && <li>Will be forgotten: what is recorded about the account, with its password.</li>}
        {reprovision && <li>The user is then provisioned at once.</li>}
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
      {lookAgain && (
        <p>
          <button type="button" class="plain" onClick={lookAgain}>
            Look again
          </button>
        </p>
      )}
    </section>
  );
}
