// The limits of a role's requests; those of the server hold where they are lower.

import type { RoleLimits } from "../../api/access.ts";
import type { Field } from "../../api/model.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";

const LIMITS = [
  { name: "maxPage", label: "Largest page" },
  { name: "maxCost", label: "Highest price of an operation" },
  { name: "rateLimit", label: "Operations in a window" },
] as const;

const WHOLE_NUMBER: Field = {
  id: "",
  name: "",
  label: "",
  type: "NUMBER",
  description: null,
  isSystem: false,
  isNullable: true,
  isUnique: false,
  options: [],
  settings: { dataType: "int" },
  relation: null,
};

export interface LimitFieldsProps {
  limits: RoleLimits;
  onChange: (limits: RoleLimits) => void;
  problems: ReadonlyMap<string, string>;
}

export function LimitFields({ limits, onChange, problems }: LimitFieldsProps) {
  return (
    <fieldset className="options">
      <legend className="field-label">Limits</legend>
      <p className="field-description">A field that is empty leaves the limit of the server.</p>
      <div className="form-columns">
        {LIMITS.map(({ name, label }) => (
          <ValueField
            key={name}
            label={label}
            field={WHOLE_NUMBER}
            value={limits[name] ?? null}
            onChange={(value) => {
              const { [name]: _before, ...rest } = limits;
              onChange(value === null ? rest : { ...rest, [name]: Number(value) });
            }}
            problem={problems.get(`limits.${name}`)}
          />
        ))}
      </div>
    </fieldset>
  );
}
