import { zoneName } from "../lib/time";
import { now } from "../parts/clock";
import { Switch } from "../parts/fields";
import { utc } from "../state/preferences";
import { operator, session } from "../state/session";

export function Footer() {
  const version = session.value.kind === "signed_in" ? session.value.session.version : "";
  const zone = zoneName(now.value);
  return (
    <footer class="quiet">
      <span>Times in {utc.value ? "UTC" : zone}</span>
      {zone !== "UTC" && <Switch label="Show UTC" checked={utc.value} onChange={(checked) => (utc.value = checked)} />}
      {version && <span>Version {version}</span>}
      <PrintedFacts />
    </footer>
  );
}

/** On paper only: which page this was, for whom, and when. */
function PrintedFacts() {
  return (
    <p class="print-only">
      {location.href} · {operator.value?.email} · {now.value.toISOString()}
    </p>
  );
}
