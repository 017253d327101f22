import { useState } from "preact/hooks";
import { Select } from "../parts/fields";
import { Time } from "../parts/Time";
import { THEMES, type Theme, theme } from "../state/preferences";
import { session, signOut } from "../state/session";
import { SingleKeys } from "./SingleKeys";

const THEME_NAMES: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

/** A native popover: Escape and a click elsewhere close it. */
export function AccountMenu() {
  const [failed, setFailed] = useState(false);
  if (session.value.kind !== "signed_in") return null;
  const { operator, endsAt, idleEndsAt } = session.value.session;
  return (
    <div class="account">
      <button type="button" popovertarget="account" aria-label={`Account menu, ${operator.email}`} class="account-button">
        <svg class="glyph account-icon" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14c.6-3 2.7-4 5.5-4s4.9 1 5.5 4" />
        </svg>
        <span class="account-name">{operator.email}</span>
        <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
          <path d="m4 6 4 4 4-4" />
        </svg>
      </button>
      <div id="account" popover="auto" class="account-menu">
        <p>
          <strong>{operator.email}</strong>
          <br />
          <span class="quiet">Role: {operator.role}</span>
        </p>
        <p class="quiet">
          Session ends at <Time at={endsAt} />
          <br />
          or, unused, at <Time at={idleEndsAt} />
        </p>
        <p>
          <a href="#/sessions">My sessions</a>
        </p>
        <Select
          label="Theme"
          value={theme.value}
          options={THEMES.map((name) => [name, THEME_NAMES[name]] as const)}
          onChange={(chosen) => (theme.value = chosen)}
        />
        <SingleKeys />
        <button type="button" onClick={async () => setFailed(!(await signOut()))}>
          Sign out
        </button>
        {failed && (
          <p role="alert" class="notice bad">
            Signing out did not reach the service. You are still signed in: try again.
          </p>
        )}
      </div>
    </div>
  );
}
