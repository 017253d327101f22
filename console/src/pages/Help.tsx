// Keys, and what every word means: the guidance that other pages show where it applies, as a whole.

import type { ComponentChildren } from "preact";
import type { State } from "../contract";
import { type Guidance, guidance } from "../guidance";
import { SHORTCUTS } from "../keyboard";
import { SingleKeys } from "../layout/SingleKeys";
import { words } from "../lib/words";
import { GuidanceText } from "../parts/GuidanceText";
import { Page } from "../parts/Page";
import { Section } from "../parts/Panel";
import { StateBadge } from "../parts/StateBadge";

export function Help() {
  return (
    <Page title="Help" lead="How to find things, and what the words mean.">
      <div class="columns">
        <Section title="In a hurry">
          <ol class="lines">
            <li>
              Paste what the ticket holds into <strong>Find a user</strong>.
            </li>
            <li>
              Read <strong>What happens next</strong> on the user’s page.
            </li>
            <li>
              <strong>Check at 3dEye</strong> shows what is there now; it changes nothing.
            </li>
            <li>
              <strong>Reset…</strong> shows what would be deleted before anything is. Give the ticket as the reason.
            </li>
          </ol>
        </Section>
        <Section title="Keys">
          <dl class="facts">
            {SHORTCUTS.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <p class="below">
            <SingleKeys />
          </p>
        </Section>
      </div>
      <Section title="States of a user">
        {Object.entries(guidance.state).map(([state, guide]) => (
          <Entry key={state} guide={guide}>
            <StateBadge state={state as State} lastError="" />
          </Entry>
        ))}
      </Section>
      <Section title="Reasons of failures">
        {Object.entries(guidance.reason).map(([reason, guide]) => (
          <Entry key={reason} guide={guide}>
            <strong>{words(reason)}</strong>
          </Entry>
        ))}
      </Section>
    </Page>
  );
}

function Entry({ guide, children }: { guide: Guidance; children: ComponentChildren }) {
  return (
    <details class="entry">
      <summary>
        {children} <span class="quiet">{guide.means}</span>
      </summary>
      <GuidanceText of={guide} />
    </details>
  );
}
