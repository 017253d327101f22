import type { BackfillRun } from "../../contract";
import { Badge, type Tone } from "../../parts/StateBadge";
import type { Standing } from "./course";

const STATUSES: Record<BackfillRun["status"] | "died", readonly [Tone, string, string]> = {
  running: ["busy", "Running", "It is at work."],
  completed: ["good", "Completed", "It went to its end."],
  ended_early: [
    "warn",
    "Ended early",
    "3dEye was down, refused us or limited our rate, or a person stopped it. What was not done is due again; of a list it is left.",
  ],
  died: ["bad", "Died", "No end was recorded. Nothing is lost: its users are due again. Stop a list, and it tells who was left."],
};

export function RunStatus({ of: { status, died } }: { of: Standing }) {
  const [tone, word, meaning] = STATUSES[died ? "died" : status];
  return (
    <Badge tone={tone} title={meaning}>
      {word}
    </Badge>
  );
}

export const startedBy = (trigger: BackfillRun["trigger"]): string => (trigger === "cron" ? "Schedule" : "A person");
