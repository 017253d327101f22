import type { Role } from "../../contract";
import { type Choice, Choices } from "../../parts/Choices";

const ROLES: readonly Choice<Role>[] = [
  { value: "viewer", label: "viewer", hint: "Sees everything, with personal data masked" },
  { value: "support", label: "support", hint: "Also acts for a user: provision, reset, second factor; starts runs" },
  { value: "admin", label: "admin", hint: "Also keys, instances, operators, pause, and what loses something for good" },
];

interface RoleFieldProps {
  value: Role;
  onChange: (role: Role) => void;
}

export function RoleField(props: RoleFieldProps) {
  return <Choices legend="Role" choices={ROLES} {...props} />;
}
