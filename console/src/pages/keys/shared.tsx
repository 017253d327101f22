// What the lists of keys have in common.

import { Switch } from "../../parts/fields";
import { Badge } from "../../parts/StateBadge";
import { Time } from "../../parts/Time";
import { address, setFilters } from "../../state/router";

export const showsRevoked = (): boolean => address.value.filters.get("revoked") === "true";

export function RevokedSwitch() {
  return <Switch label="Show revoked keys" checked={showsRevoked()} onChange={(revoked) => setFilters({ revoked })} />;
}

interface KeyStatusProps {
  revokedAt: string | null;
  expiresAt?: string | null;
}

export function KeyStatus({ revokedAt, expiresAt = null }: KeyStatusProps) {
  if (revokedAt !== null) {
    return (
      <>
        <Badge tone="calm">Revoked</Badge> <Time at={revokedAt} quiet />
      </>
    );
  }
  const expired = expiresAt !== null && Date.parse(expiresAt) <= Date.now();
  return expired ? <Badge tone="calm">Expired</Badge> : <Badge tone="good">In force</Badge>;
}
