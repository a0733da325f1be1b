// The values that each principal of a role brings along, and that its rules name.

import { Plus, Trash2 } from "lucide-react";

import type { RoleClaim } from "../../api/access.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { TextField } from "../../kit/field.tsx";
import { Select } from "../../kit/select.tsx";

const TYPES = ["UUID", "TEXT", "BOOLEAN", "INT", "NUMBER", "DATE", "DATE_TIME"] as const;

export interface ClaimsEditorProps {
  claims: readonly RoleClaim[];
  onChange: (claims: readonly RoleClaim[]) => void;
  problem: string | undefined;
}

export function ClaimsEditor({ claims, onChange, problem }: ClaimsEditorProps) {
  const set = (place: number, changed: Partial<RoleClaim>) =>
    onChange(claims.map((claim, at) => (at === place ? { ...claim, ...changed } : claim)));
  return (
    <fieldset className="options">
      <legend className="field-label">Values of the principal</legend>
      <p className="field-description">Each key or token brings them along; rules name them as $principal.name.</p>
      {claims.map((claim, place) => {
        const name = claim.name || `value ${place + 1}`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a value has no identity but its place while its name is typed
          <div key={place} className="claim-row">
            <TextField
              label={`Name of value ${place + 1}`}
              isCode
              value={claim.name}
              onChange={(next) => set(place, { name: next })}
            />
            <Select
              label={`Type of ${name}`}
              value={TYPES.find((type) => type === claim.type) ?? "TEXT"}
              choices={TYPES.map((id) => ({ id, label: id }))}
              onChange={(type) => set(place, { type })}
            />
            <Check
              label="A list"
              isSelected={claim.isList === true}
              onChange={(isList) => set(place, isList ? { isList } : { isList, mayLack: false })}
            />
            <Check
              label="May be lacking"
              isSelected={claim.mayLack === true}
              isDisabled={claim.isList !== true}
              onChange={(mayLack) => set(place, { mayLack })}
            />
            <Button
              kind="quiet"
              icon={<Trash2 aria-hidden />}
              aria-label={`Remove ${name}`}
              onPress={() => onChange(claims.filter((_, at) => at !== place))}
            />
          </div>
        );
      })}
      {problem && <p className="field-problem">{problem}</p>}
      <Button icon={<Plus aria-hidden />} onPress={() => onChange([...claims, { name: "", type: "UUID" }])}>
        Value
      </Button>
    </fieldset>
  );
}
