import type { BackfillRun } from "../../contract";
import { Badge, type Tone } from "../../parts/StateBadge";

const WORDS: Record<BackfillRun["status"], readonly [Tone, string, string]> = {
  running: ["busy", "Running", "It is at work."],
  completed: ["good", "Completed", "It went to its end."],
  ended_early: ["warn", "Ended early", "3dEye was down, refused us or limited our rate. What was not done is due again."],
};

/** After this an inline run has died. */
const INLINE_MS = 15 * 60_000;

type Standing = Pick<BackfillRun, "status" | "mode" | "startedAt">;

export function RunStatus({ run }: { run: Standing }) {
  if (hasDied(run))
    return (
      <Badge tone="bad" title="No end was recorded. Nothing is lost: its users are due again.">
        Died
      </Badge>
    );
  const [tone, word, meaning] = WORDS[run.status];
  return (
    <Badge tone={tone} title={meaning}>
      {word}
    </Badge>
  );
}

export const hasDied = ({ status, mode, startedAt }: Standing): boolean =>
  status === "running" && mode === "inline" && Date.now() - Date.parse(startedAt) > INLINE_MS;
