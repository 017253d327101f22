import { useId } from "preact/hooks";

export interface Choice<Value extends string> {
  value: Value;
  label: string;
  hint: string;
  disabled?: boolean;
}

interface ChoicesProps<Value extends string> {
  legend: string;
  value: Value;
  choices: readonly Choice<Value>[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}

/** Radio buttons, each with what it means. */
export function Choices<Value extends string>({ legend, value, choices, disabled = false, onChange }: ChoicesProps<Value>) {
  const name = useId();
  return (
    <fieldset disabled={disabled}>
      <legend>{legend}</legend>
      {choices.map((choice) => {
        const id = `${name}-${choice.value}`;
        return (
          <div key={id} class="choice">
            <input
              type="radio"
              id={id}
              name={name}
              checked={choice.value === value}
              disabled={choice.disabled ?? false}
              aria-describedby={`${id}-hint`}
              onChange={() => onChange(choice.value)}
            />
            <label for={id}>{choice.label}</label>
            <p id={`${id}-hint`} class="hint second">
              {choice.hint}
            </p>
          </div>
        );
      })}
    </fieldset>
  );
}
