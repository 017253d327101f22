import type { Guidance } from "../guidance";

/** What a word means, what it does, and what to do. */
export function GuidanceText({ of }: { of: Guidance }) {
  return (
    <dl class="guidance">
      <dt>What it means</dt>
      <dd>{of.means}</dd>
      <dt>What it does</dt>
      <dd>{of.effect}</dd>
      <dt>What to do</dt>
      <dd>
        {of.doThis}
        {of.link && (
          <>
            {" "}
            <a href={of.link[1]}>{of.link[0]}</a>
          </>
        )}
      </dd>
    </dl>
  );
}
