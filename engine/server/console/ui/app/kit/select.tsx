// A short list of choices, by the browser's own control: with a label above it, or in a line with others.

import { type ComponentProps, type ReactNode, useId } from "react";

import "./field.css";
import "./select.css";

export interface Choice<T extends string> {
  id: T;
  label: string;
  isDisabled?: boolean;
}

/** Choices below a word of their own. */
export interface ChoiceGroup<T extends string> {
  label: string;
  choices: readonly Choice<T>[];
}

interface Choosing<T extends string> {
  label: string;
  value: T;
  choices: readonly (Choice<T> | ChoiceGroup<T>)[];
  onChange: (id: T) => void;
  isDisabled?: boolean;
}

export interface SelectProps<T extends string> extends Choosing<T> {
  description?: ReactNode;
  problem?: string | undefined;
}

export function Select<T extends string>({ label, description, problem, ...choosing }: SelectProps<T>) {
  const id = useId();
  const note = useId();
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <Control
        {...choosing}
        id={id}
        aria-invalid={problem !== undefined || undefined}
        aria-describedby={description || problem ? note : undefined}
      />
      {(description || problem) && (
        <div id={note} className={problem ? "field-problem" : "field-description"}>
          {problem ?? description}
        </div>
      )}
    </div>
  );
}

/** A control of a line, whose label is for screen readers alone. */
export function InlineSelect<T extends string>({ label, ...choosing }: Choosing<T>) {
  return <Control {...choosing} aria-label={label} data-inline />;
}

type ControlProps<T extends string> = Omit<Choosing<T>, "label"> &
  Pick<ComponentProps<"select">, "id" | "aria-label" | "aria-invalid" | "aria-describedby"> & { "data-inline"?: true };

function Control<T extends string>({ value, choices, onChange, isDisabled, ...rest }: ControlProps<T>) {
  return (
    <select
      {...rest}
      className="field-input select"
      value={value}
      disabled={isDisabled}
      onChange={(event) => {
        const all = choices.flatMap((one) => ("choices" in one ? one.choices : [one]));
        const chosen = all.find(({ id }) => id === event.target.value);
        if (chosen !== undefined) onChange(chosen.id);
      }}
    >
      {choices.map((one) =>
        "choices" in one ? (
          <optgroup key={one.label} label={one.label}>
            {one.choices.map(optionOf)}
          </optgroup>
        ) : (
          optionOf(one)
        ),
      )}
    </select>
  );
}

function optionOf<T extends string>({ id, label, isDisabled }: Choice<T>) {
  return (
    <option key={id} value={id} disabled={isDisabled}>
      {label}
    </option>
  );
}
