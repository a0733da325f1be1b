// A box to tick.

import { type ReactNode, useId } from "react";

import "./check.css";

export interface CheckProps {
  label: ReactNode;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  description?: ReactNode;
  isDisabled?: boolean;
}

export function Check({ label, isSelected, onChange, description, isDisabled }: CheckProps) {
  const note = useId();
  return (
    <div className="check">
      <label>
        <input
          type="checkbox"
          checked={isSelected}
          disabled={isDisabled}
          aria-describedby={description ? note : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{label}</span>
      </label>
      {description && (
        <p id={note} className="check-note">
          {description}
        </p>
      )}
    </div>
  );
}
