import type { ComponentChildren } from "preact";

/** Names and what they are; a fact that is false is left out. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren] | false)[] }) {
  return (
    <dl class="facts">
      {of.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1] ?? <span class="quiet">–</span>}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
