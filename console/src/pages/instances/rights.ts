import type { components } from "../../api";

export type Right = keyof Pick<
  components["schemas"]["InstanceApiKey"],
  "ignoreAcl" | "allowAnonymousRead" | "allowUserCreate" | "allowGroupCreate"
>;

/** What a key of an instance may do beyond what its user may. */
export const RIGHTS: readonly (readonly [name: Right, label: string, short: string])[] = [
  ["ignoreAcl", "Act on every user of the instance", "act on every user"],
  ["allowAnonymousRead", "Read what is open to everyone", "read what is open"],
  ["allowUserCreate", "Make users", "make users"],
  ["allowGroupCreate", "Make groups", "make groups"],
];
