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

/** What a reset would do, in the order of what hurts. */
export function Preview({ plan: { clear, remote, loses, reprovision, warnings }, keeps, lookAgain }: PreviewProps) {
  const lost = new Set(loses.roleIds);
  const again = keeps ? [...new Set([...remote.deletes.flatMap(({ roleIds }) => roleIds), ...clear.savedRoleIds])] : [];
  const attached = again.filter((id) => !lost.has(id));
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
