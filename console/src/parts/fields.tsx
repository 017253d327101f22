// Fields that several dialogs have.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

const LONGEST_REASON = 500;

interface ReasonFieldProps {
  value: string;
  onChange: (value: string) => void;
  hint?: ComponentChildren;
}

/** Why the operator does this; kept in the audit trail. */
export function ReasonField({
  value,
  onChange,
  hint = "Kept in the audit trail. The number of a ticket is best.",
}: ReasonFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Reason</label>
      <textarea
        id={id}
        rows={2}
        required
        maxLength={LONGEST_REASON}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
    </div>
  );
}

interface ConfirmTextProps {
  /** What has to be typed. */
  expected: string;
  value: string;
  onChange: (value: string) => void;
  /** What will be lost. */
  loses: ComponentChildren;
}

/** For what cannot be undone: the button waits until the text is typed. */
export function ConfirmText({ expected, value, onChange, loses }: ConfirmTextProps) {
  const id = useId();
  return (
    <div class="field">
      <p id={`${id}-hint`}>{loses}</p>
      <label for={id}>
        Type <code>{expected}</code> to confirm
      </label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellcheck={false}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  );
}

export const isTyped = (expected: string | null, value: string): boolean => expected === null || value.trim() === expected;

interface SelectProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}

export function Select<Value extends string>({ label, value, options, onChange }: SelectProps<Value>) {
  const id = useId();
  return (
    <span class="select">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}

interface SwitchProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function Switch({ label, checked, onChange }: SwitchProps) {
  return (
    <button type="button" role="switch" class="switch" aria-checked={checked} onClick={() => onChange(!checked)}>
      <span class="track" aria-hidden="true" />
      {label}
    </button>
  );
}
