// A box to tick.

import { type ReactNode, useId } from "react";

import "./check.css";
import "./field.css";

export interface CheckProps {
  label: ReactNode;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  description?: ReactNode;
  problem?: string | undefined;
  isDisabled?: boolean;
}

export function Check({ label, isSelected, onChange, description, problem, isDisabled }: CheckProps) {
  const id = useId();
  const note = problem ?? description;
  return (
    <div className="check">
      <label>
        <input
          type="checkbox"
          checked={isSelected}
          disabled={isDisabled}
          aria-invalid={problem !== undefined || undefined}
          aria-describedby={note ? id : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{label}</span>
      </label>
      {note && (
        <p id={id} className={`check-note ${problem ? "field-problem" : "field-description"}`}>
          {note}
        </p>
      )}
    </div>
  );
}
