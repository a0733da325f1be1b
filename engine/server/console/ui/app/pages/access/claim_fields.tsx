// The values of a principal, a field for each claim of its role.

import type { RoleClaim } from "../../api/access.ts";
import type { Field } from "../../api/model.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";
import { fieldOfClaim, type Values, withValue } from "./claim_values.ts";

export interface ClaimFieldsProps {
  claims: readonly RoleClaim[];
  values: Values;
  onChange: (values: Values) => void;
  problem?: string | undefined;
}

export function ClaimFields({ claims, values, onChange, problem }: ClaimFieldsProps) {
  if (claims.length === 0) return null;
  return (
    <fieldset className="options">
      <legend className="field-label">Values of the principal</legend>
      <div className="form-columns">
        {claims.map((claim) => {
          const field: Field = fieldOfClaim(claim);
          return (
            <ValueField
              key={claim.name}
              label={claim.name}
              field={field}
              value={values[claim.name] ?? null}
              onChange={(value) => onChange(withValue(values, claim, value))}
              description={claim.isList ? "One a line." : undefined}
            />
          );
        })}
      </div>
      {problem && <p className="field-problem">{problem}</p>}
    </fieldset>
  );
}
