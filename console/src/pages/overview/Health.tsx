// The checks of /health, each word with its meaning beside it.

import type { Health as HealthAnswer } from "../../contract";
import { type Guidance, guidance } from "../../guidance";
import { Panel } from "../../parts/Panel";
import { Badge, type Tone } from "../../parts/StateBadge";
import { api } from "../../state/client";
import { type Resource, useResource } from "../../state/resource";

const EVERY_MS = 30_000;

/** Degraded is a 503, and an answer all the same. */
const isAnswer = (body: unknown) => typeof body === "object" && body !== null && "checks" in body;

export const useHealth = () =>
  useResource<HealthAnswer>("health", () => ({ ...api.GET("/health"), isAnswer }), { every: EVERY_MS });

export function Health({ health }: { health: Resource<HealthAnswer> }) {
  return (
    <Panel title="Health" resource={health} lines={5}>
      {({ checks }) => (
        <dl class="checks">
          <Check
            name="Settings"
            word={checks.configuration.status}
            guide={guidance.health.configuration[checks.configuration.status]}
          >
            {checks.configuration.problems}
          </Check>
          <Check name="Database" word={checks.database} guide={guidance.health.database[checks.database]} />
          <Check name="Schema" word={checks.migrations} guide={guidance.health.migrations[checks.migrations]} />
          <Check name="Scheduled run" word={checks.scheduledRun} guide={guidance.health.scheduledRun[checks.scheduledRun]} />
          <Check
            name="Rate limits"
            word={checks.missingRateLimits.length === 0 ? "ok" : "missing"}
            guide={checks.missingRateLimits.length === 0 ? ALL_LIMITS : LIMITS_MISSING}
          >
            {checks.missingRateLimits}
          </Check>
        </dl>
      )}
    </Panel>
  );
}

const ALL_LIMITS: Guidance = { means: "All rate limits are bound.", effect: "None.", doThis: "Nothing." };
const LIMITS_MISSING: Guidance = {
  means: "A rate limit is not bound, so what it counts is not limited.",
  effect: "The service works, with less protection against floods.",
  doThis: "Tell the service’s engineers the names given here.",
};

interface CheckProps {
  name: string;
  word: string;
  guide: Guidance;
  children?: readonly string[];
}

/** Words that are no failure. */
const TONES: Readonly<Record<string, Tone>> = {
  ok: "good",
  running: "busy",
  none_yet: "calm",
  not_configured: "calm",
  paused: "warn",
};

function Check({ name, word, guide, children = [] }: CheckProps) {
  const tone = TONES[word] ?? "bad";
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Badge tone={tone}>{word.replaceAll("_", " ")}</Badge>
      </dd>
      <dd>
        {guide.means}
        {(tone === "bad" || tone === "warn") && (
          <>
            {" "}
            <strong>{guide.doThis}</strong> {guide.link && <a href={guide.link.href}>{guide.link.text}</a>}
          </>
        )}
        {children.length > 0 && (
          <ul>
            {children.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </dd>
    </div>
  );
}
