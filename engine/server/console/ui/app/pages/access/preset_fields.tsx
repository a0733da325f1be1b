// The presets of a way: fields that are written whatever a client gives, each with a value or one of the principal's.

import { X } from "lucide-react";

import { type Field, inputName, isToMany, type ObjectModel } from "../../api/model.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";
import { isEditable } from "../../fields/registry.ts";
import { isClaim, OrClaim } from "../../filter/claims.tsx";
import { Button } from "../../kit/button.tsx";
import { Select } from "../../kit/select.tsx";
import type { Way } from "./ways.ts";

export interface PresetFieldsProps {
  object: ObjectModel;
  preset: Way["preset"];
  onChange: (preset: Way["preset"]) => void;
}

export function PresetFields({ object, preset, onChange }: PresetFieldsProps) {
  const fields = object.fields.filter((field) => isEditable(field) && !isToMany(field));
  const left = fields.filter((field) => !(inputName(field) in preset));

  function remove(name: string) {
    const { [name]: _before, ...rest } = preset;
    onChange(rest);
  }

  return (
    <div className="rule-field">
      <p className="field-label">Presets</p>
      <p className="field-description">These fields are written whatever a client gives.</p>
      {Object.entries(preset).map(([name, value]) => {
        const field = fields.find((one) => inputName(one) === name);
        return (
          <div key={name} className="preset-row">
            {field ? (
              <Preset field={field} value={value} onChange={(next) => onChange({ ...preset, [name]: next })} />
            ) : (
              <code>{JSON.stringify({ [name]: value })}</code>
            )}
            <Button
              kind="quiet"
              icon={<X aria-hidden />}
              aria-label={`Remove the preset of ${field?.label ?? name}`}
              onPress={() => remove(name)}
            />
          </div>
        );
      })}
      {left.length > 0 && (
        <Select
          label="Another preset"
          value=""
          choices={[
            { id: "", label: "Choose a field" },
            ...left.map((one) => ({ id: inputName(one), label: one.label })),
          ]}
          onChange={(name) => name !== "" && onChange({ ...preset, [name]: null })}
        />
      )}
    </div>
  );
}

function Preset({ field, value, onChange }: { field: Field; value: unknown; onChange: (value: unknown) => void }) {
  const isList = field.type === "MULTI_SELECT" || field.type === "ARRAY";
  return (
    <>
      {isClaim(value) && <span>{field.label}</span>}
      <OrClaim label={field.label} value={value} isList={isList} onChange={(next) => onChange(next ?? null)}>
        <ValueField label={field.label} field={field} value={value} onChange={onChange} />
      </OrClaim>
    </>
  );
}
