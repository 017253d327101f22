import { useId } from "preact/hooks";
import type { Role } from "../../contract";

const ROLES: Record<Role, string> = {
  viewer: "Sees everything, with personal data masked",
  support: "Also acts for a user: provision, reset, second factor; starts runs",
  admin: "Also keys, instances, operators, pause, and what loses something for good",
};

interface RoleFieldProps {
  value: Role;
  onChange: (role: Role) => void;
}

export function RoleField({ value, onChange }: RoleFieldProps) {
  const id = useId();
  return (
    <fieldset>
      <legend>Role</legend>
      {(Object.keys(ROLES) as Role[]).map((role) => (
        <div key={role} class="choice">
          <input
            type="radio"
            id={`${id}-${role}`}
            name={id}
            checked={role === value}
            aria-describedby={`${id}-${role}-hint`}
            onChange={() => onChange(role)}
          />
          <label for={`${id}-${role}`}>{role}</label>
          <p id={`${id}-${role}-hint`} class="hint second">
            {ROLES[role]}
          </p>
        </div>
      ))}
    </fieldset>
  );
}
