// The records that the key of a relation is compared with, chosen by a search on the server.

import { X } from "lucide-react";
import { useState } from "react";

import type { Field } from "../api/model.ts";
import { RelationPicker } from "../fields/editors/relation_picker.tsx";
import { RecordName, useRecordNames } from "../fields/record_name.tsx";
import { Button } from "../kit/button.tsx";
import { Chip } from "../kit/chip.tsx";
import { takeLostFocus, takeLostFocusFirst } from "../kit/focus.ts";

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
      <button ref={takeLostFocus} type="button" className="button" onClick={() => setOpen(true)}>
        {typeof value === "string" ? <RecordName field={field} id={value} /> : "Choose a record…"}
      </button>
    );
  }
  return (
    <div className="filter-relation" ref={takeLostFocusFirst}>
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

/** Several records, of which each is chosen by itself. */
export function RelationValues({
  field,
  value,
  onChange,
}: {
  field: Field;
  value: unknown;
  onChange(value: unknown): void;
}) {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const target = field.relation?.target;
  const ids = chosen.filter((id) => typeof id === "string");
  const nameOf = useRecordNames(target === undefined ? [] : ids.map((id) => ({ target, id })));
  const set = (next: readonly unknown[]) => onChange(next.length === 0 ? undefined : next);
  return (
    <ul aria-label="Values" className="filter-records">
      {ids.map((id) => {
        const name = target === undefined ? id : nameOf(target, id);
        return (
          <li key={id}>
            <Chip>{name}</Chip>
            <Button
              kind="quiet"
              icon={<X aria-hidden />}
              aria-label={`Without ${name}`}
              onPress={() => set(chosen.filter((one) => one !== id))}
            />
          </li>
        );
      })}
      <li>
        <RelationValue
          // One that was chosen is in the list: the next one is another.
          key={ids.length}
          field={field}
          value={undefined}
          onChange={(id) => id !== undefined && !chosen.includes(id) && set([...chosen, id])}
          isClosed={ids.length > 0}
        />
      </li>
    </ul>
  );
}
