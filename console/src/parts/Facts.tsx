import type { ComponentChildren } from "preact";

export type Fact = readonly [string, ComponentChildren] | false;

/** Names and what they are; a fact that is false is left out. */
export function Facts({ of, wide = false }: { of: readonly Fact[]; wide?: boolean }) {
  return (
    <dl class={wide ? "facts in-columns" : "facts"}>
      {of.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1] || fact[1] === 0 ? fact[1] : <span class="quiet">–</span>}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
