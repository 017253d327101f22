import { SHORTCUTS } from "../keyboard";
import { Page } from "../parts/Page";
import { Section } from "../parts/Panel";

export function Help() {
  return (
    <Page title="Help">
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
      </Section>
    </Page>
  );
}
