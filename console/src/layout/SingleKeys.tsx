import { Switch } from "../parts/fields";
import { singleKeys } from "../state/preferences";

export function SingleKeys() {
  return <Switch label="Single-key shortcuts" checked={singleKeys.value} onChange={(checked) => (singleKeys.value = checked)} />;
}
