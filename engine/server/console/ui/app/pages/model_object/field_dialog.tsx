// Creates a field, or changes one, by way of its plan.

import { useState } from "react";

import type { ModelField, ModelObject } from "../../api/model_edit.ts";
import { useFieldTypes } from "../../api/use_field_types.ts";
import { roughName, useNames } from "../../api/use_names.ts";
import { ChangeDialog } from "../../plan/change_dialog.tsx";
import { createChange, draftOf, type FieldDraft, newDraft, updateChanges } from "./field_draft.ts";
import { FieldForm } from "./field_form.tsx";

export interface FieldDialogProps {
  object: ModelObject;
  /** The field as it was when the dialog was opened: a change by another meanwhile is kept. Null for a new one. */
  field: ModelField | null;
  /** The members that a new field begins with. */
  given?: Partial<FieldDraft>;
  onClose: () => void;
  onDone: () => void;
}

export function FieldDialog({ object, field, given = {}, onClose, onDone }: FieldDialogProps) {
  const types = useFieldTypes();
  const [typed, setDraft] = useState(() => (field === null ? { ...newDraft(), ...given } : draftOf(field)));
  const follows = field === null && typed.isNameLocked;
  const names = useNames(typed.label, object.nameSingular, follows);
  const draft = follows ? { ...typed, name: names?.fieldName ?? roughName(typed.label) } : typed;
  const info = types.data?.find(({ type }) => type === draft.type);
  const update = (allowDataLoss: boolean) => (field === null ? [] : updateChanges(field, draft, info, allowDataLoss));

  return (
    <ChangeDialog
      title={field === null ? `New field of ${object.labelSingular}` : `Field ${object.nameSingular}.${field.name}`}
      size={info?.hasOptions ? "large" : "medium"}
      changes={() => (field === null ? [createChange(object, draft, info)] : update(false))}
      {...(field !== null && { named: { id: field.id, name: `${object.nameSingular}.${field.name}` } })}
      {...(field !== null && draft.type !== field.type && { losing: () => update(true) })}
      isDirty={field === null ? draft.label !== (given.label ?? "") : update(false).length > 0}
      onClose={onClose}
      onDone={onDone}
    >
      {(problems) =>
        types.data && (
          <FieldForm
            object={object}
            field={field}
            types={types.data}
            draft={draft}
            onChange={setDraft}
            problems={problems}
          />
        )
      }
    </ChangeDialog>
  );
}
