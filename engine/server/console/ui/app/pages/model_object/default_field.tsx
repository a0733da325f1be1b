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
  /** The field is not there yet: its default value is that of the records that are. */
  isNew: boolean;
  onChange: (value: unknown) => void;
  problem: string | undefined;
}

const LABEL = "Default value";
const FUNCTIONS: Readonly<Record<string, string>> = { now: "the present time", uuid: "a new UUID" };

export function DefaultField({ draft, info, isNew, onChange, problem }: DefaultFieldProps) {
  const { type, defaultValue: value } = draft;
  const field = fieldLike(draft);
  const note = isNew ? "Existing records get it too." : "Existing records stay as they are.";
  const computed = info.functions.find((name) => name === value);
  const [hasValue, setHasValue] = useState(value !== null && computed === undefined);
  // An empty text is a value, too; a value that is computed has to be told from one that is typed.
  if (type !== "TEXT" && info.functions.length === 0) {
    return (
      <ValueField label={LABEL} field={field} value={value} onChange={onChange} description={note} problem={problem} />
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
        description={note}
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

/** Return the field of a draft as far as an editor of its values needs it. */
export function fieldLike({ type, options, settings }: FieldDraft): Field {
  return { ...LIKE, type, options, settings };
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
