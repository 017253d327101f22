import { words } from "../../lib/words";
import { Badge, type Tone } from "../../parts/StateBadge";

/** Words that are no failure. */
const TONES: Readonly<Record<string, Tone>> = {
  ok: "good",
  running: "busy",
  none_yet: "calm",
  not_configured: "calm",
  paused: "warn",
};

/** What a check of the service has found: the same word and colour on every page. */
export function CheckBadge({ word }: { word: string }) {
  return <Badge tone={TONES[word] ?? "bad"}>{words(word)}</Badge>;
}
