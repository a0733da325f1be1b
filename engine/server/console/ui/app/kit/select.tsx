// A short list of choices, by the browser's own control.

import { type ReactNode, useId } from "react";

import "./field.css";
import "./select.css";

export interface SelectProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { id: T; label: string; isDisabled?: boolean }[];
  onChange: (id: T) => void;
  description?: ReactNode;
  problem?: string | undefined;
  isDisabled?: boolean;
}

export function Select<T extends string>(props: SelectProps<T>) {
  const { label, value, choices, onChange, description, problem, isDisabled } = props;
  const id = useId();
  const note = useId();
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <select
        id={id}
        className="field-input select"
        value={value}
        disabled={isDisabled}
        aria-invalid={problem !== undefined || undefined}
        aria-describedby={description || problem ? note : undefined}
        onChange={(event) => {
          const chosen = choices.find((choice) => choice.id === event.target.value);
          if (chosen !== undefined) {
            onChange(chosen.id);
          }
        }}
      >
        {choices.map((choice) => (
          <option key={choice.id} value={choice.id} disabled={choice.isDisabled}>
            {choice.label}
          </option>
        ))}
      </select>
      {(description || problem) && (
        <div id={note} className={problem ? "field-problem" : "field-description"}>
          {problem ?? description}
        </div>
      )}
    </div>
  );
}
