// The record that the key of a relation is compared with, chosen by a search on the server.

import { useState } from "react";

import type { Field } from "../api/model.ts";
import { RelationPicker } from "../fields/editors/relation_picker.tsx";
import { RecordName } from "../fields/record_name.tsx";

export function RelationValue({
  field,
  value,
  onChange,
  isClosed = false,
}: {
  field: Field;
  value: unknown;
  onChange(value: unknown): void;
  /** The search begins by a button, though there is no value yet. */
  isClosed?: boolean;
}) {
  const [isOpen, setOpen] = useState(value === undefined && !isClosed);
  const close = (next: unknown) => {
    setOpen(false);
    if (next !== value) onChange(next ?? undefined);
  };
  if (!isOpen) {
    return (
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {typeof value === "string" ? <RecordName field={field} id={value} /> : "Choose a record…"}
      </button>
    );
  }
  return (
    <div className="filter-relation">
      <RelationPicker
        field={{ ...field, isNullable: false }}
        value={value ?? null}
        text={null}
        label={field.label}
        onSave={close}
        onCancel={() => close(value)}
      />
    </div>
  );
}
