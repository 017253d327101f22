// Plain inputs with their labels.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface TextFieldProps {
  label: string;
  type?: "text" | "email" | "datetime-local";
  inputMode?: "numeric";
  maxLength?: number;
  value: string;
  onChange: (value: string) => void;
  hint?: ComponentChildren;
  /** Reports when the text is settled (Enter, or the focus leaves), not every key. */
  settled?: boolean;
}

export function TextField({ label, value, onChange, hint, settled = false, type = "text", ...native }: TextFieldProps) {
  const id = useId();
  const report = (event: Event & { currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value);
  const onEnter = (event: KeyboardEvent & { currentTarget: HTMLInputElement }) => {
    if (event.key === "Enter") report(event);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type as "text"}
        autoComplete="off"
        spellcheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        value={value}
        {...native}
        {...(settled ? { onBlur: report, onKeyDown: onEnter } : { onInput: report })}
      />
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface CheckboxProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: string;
}

export function Checkbox({ label, checked, onChange, hint }: CheckboxProps) {
  const id = useId();
  return (
    <div class="choice">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} class="hint second">
          {hint}
        </p>
      )}
    </div>
  );
}
