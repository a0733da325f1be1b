// The default value of a field, in the editor of its type; some types have values that are computed for each record.

import { useState } from "react";

import type { Field } from "../../api/model.ts";
import type { FieldTypeInfo } from "../../api/model_edit.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";
import { Select } from "../../kit/select.tsx";
import type { FieldDraft } from "./field_draft.ts";

export interface DefaultFieldProps {
  draft: FieldDraft;
  info: FieldTypeInfo;
  onChange: (value: unknown) => void;
  problem: string | undefined;
}

const LABEL = "Default value";
const NOTE = "Existing records get it too.";
const FUNCTIONS: Readonly<Record<string, string>> = { now: "the present time", uuid: "a new UUID" };

export function DefaultField({ draft, info, onChange, problem }: DefaultFieldProps) {
  const { type, options, settings, defaultValue: value } = draft;
  const field: Field = { ...LIKE, type, options, settings };
  const computed = info.functions.find((name) => name === value);
  const [hasValue, setHasValue] = useState(value !== null && computed === undefined);
  // An empty text is a value, too; a value that is computed has to be told from one that is typed.
  if (type !== "TEXT" && info.functions.length === 0) {
    return (
      <ValueField label={LABEL} field={field} value={value} onChange={onChange} description={NOTE} problem={problem} />
    );
  }
  return (
    <div className="form-columns">
      <Select
        label={LABEL}
        value={computed ?? (hasValue ? "value" : "")}
        choices={[
          { id: "", label: "None" },
          { id: "value", label: "This value" },
          ...info.functions.map((name) => ({ id: name, label: `For each record: ${FUNCTIONS[name] ?? name}` })),
        ]}
        onChange={(id) => {
          setHasValue(id === "value");
          onChange(id === "value" ? (type === "TEXT" ? "" : null) : id || null);
        }}
        description={NOTE}
        problem={problem}
      />
      {hasValue && computed === undefined && (
        <ValueField
          label="The value"
          field={field}
          value={value}
          onChange={(next) => onChange(next ?? (type === "TEXT" ? "" : null))}
        />
      )}
    </div>
  );
}

const LIKE: Omit<Field, "type" | "options" | "settings"> = {
  id: "",
  name: "",
  label: LABEL,
  description: null,
  isSystem: false,
  isNullable: true,
  isUnique: false,
  relation: null,
};
