import { operator, signInAddress } from "../state/session";
import { Frame } from "./SignIn";

export function NoAccess() {
  return (
    <Frame title="You are not an operator">
      <p>
        You have signed in, but this account is not on the list of operators, or is disabled there. Ask an admin of the console to
        add you under Operators, with the e-mail of your work account.
      </p>
      <p>The attempt is in the audit trail.</p>
      {operator.value && (
        <p>
          By now you are signed in as {operator.value.email}: <a href="#/">go to the overview</a>.
        </p>
      )}
      <a class="button" href={signInAddress()}>
        Sign in with another account
      </a>
    </Frame>
  );
}
