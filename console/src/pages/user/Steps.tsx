import type { ComponentChildren } from "preact";
import { Glyph, type Tone } from "../../parts/StateBadge";

export interface Step {
  tone: Tone;
  /** The tone in a word, for those who do not see it. */
  outcome: string;
  title: string;
  detail: ComponentChildren;
}

export function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol class="steps" aria-label="Steps">
      {steps.map(({ tone, outcome, title, detail }) => (
        <li key={title} class={tone}>
          <Glyph tone={tone} />
          <div>
            <strong>{title}</strong> <span class="quiet">{outcome}</span>
            {detail && <div>{detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
