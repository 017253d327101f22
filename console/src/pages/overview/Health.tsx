// The checks of /health, each word with its meaning beside it.

import type { Health as HealthAnswer } from "../../contract";
import { type Finding, guidance } from "../../guidance";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { type Resource, useResource } from "../../state/resource";
import { CheckBadge } from "./CheckBadge";

const EVERY_MS = 30_000;

/** Degraded is a 503, and an answer all the same. */
const isAnswer = (body: unknown) => typeof body === "object" && body !== null && "checks" in body;

export const useHealth = () =>
  useResource<HealthAnswer>("health", () => ({ ...api.GET("/health"), isAnswer }), { every: EVERY_MS });

export function Health({ health }: { health: Resource<HealthAnswer> }) {
  return (
    <Panel title="Health" resource={health} lines={5}>
      {({ checks: { configuration, database, migrations, scheduledRun, missingRateLimits } }) => (
        <dl class="checks">
          <Check name="Settings" words={guidance.health.configuration} word={configuration.status} of={configuration.problems} />
          <Check name="Database" words={guidance.health.database} word={database} />
          <Check name="Schema" words={guidance.health.migrations} word={migrations} />
          <Check name="Scheduled run" words={guidance.health.scheduledRun} word={scheduledRun} />
          <Check
            name="Rate limits"
            words={guidance.health.rateLimits}
            word={missingRateLimits.length === 0 ? "ok" : "missing"}
            of={missingRateLimits}
          />
        </dl>
      )}
    </Panel>
  );
}

interface CheckProps<Word extends string> {
  name: string;
  words: Record<Word, Finding>;
  word: Word;
  /** What it is about. */
  of?: readonly string[];
}

function Check<Word extends string>({ name, words, word, of = [] }: CheckProps<Word>) {
  const [means, doThis, link] = words[word];
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <CheckBadge word={word} />
      </dd>
      <dd>
        {means} {doThis && <strong>{doThis}</strong>} {link && <a href={link[1]}>{link[0]}</a>}
        {of.length > 0 && (
          <ul>
            {of.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </dd>
    </div>
  );
}
