// A new record: the fields that may be given, and the problem of each beside it.

import { X } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useState } from "react";

import { ApiError } from "../../api/errors.ts";
import type { Field, ObjectModel } from "../../api/model.ts";
import { writeRows } from "../../api/row_writes.ts";
import { Cell } from "../../fields/cell.tsx";
import { Editor } from "../../fields/editors/editor.tsx";
import { formatValue, isEditable } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { Problem } from "../../kit/problem.tsx";
import { inputName } from "../records/use_gestures.ts";
import { focusFirst, takeLostFocus } from "./focus.ts";

export type NewRecordProps = { object: ObjectModel; onClose(): void; onCreated(id: string): void };

export function NewRecord({ object, onClose, onCreated }: NewRecordProps) {
  const fields = object.fields.filter((field) => isEditable(field) && !field.isSystem);
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const [edited, setEdited] = useState<string | null>(fields[0]?.id ?? null);
  const [problem, setProblem] = useState<{ field: string | null; message: string } | null>(null);
  const at = fields.find(
    (field) => problem?.field?.split(".").includes(field.name) || problem?.field?.split(".").includes(inputName(field)),
  );

  async function create(): Promise<void> {
    try {
      const { created } = await writeRows(object, [], [], [values]);
      if (created[0]) onCreated(created[0].id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The refusal of the list's only record: data[0].email.
      setProblem({ field: error.field?.replace(/^data\[0\]\.?/, "") ?? null, message: error.message });
    }
  }

  function save(field: Field, value: unknown, goesOn: boolean): void {
    setValues((before) =>
      value === null && !(inputName(field) in before) ? before : { ...before, [inputName(field)]: value },
    );
    const next = fields[fields.indexOf(field) + 1];
    setEdited((before) => (before !== field.id ? before : goesOn && next ? next.id : null));
  }

  return (
    <aside className="record-panel" aria-label={`New ${object.labelSingular}`}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void create();
        }}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key === "Escape" && !event.defaultPrevented) onClose();
        }}
      >
        <header>
          <h2>New {object.labelSingular}</h2>
          <Button kind="quiet" icon={<X aria-hidden />} aria-label="Close without creating" onPress={onClose} />
        </header>
        {problem && !at && <Problem title="Nothing was created." text={problem.message} />}
        <dl className="record-fields record-form">
          {fields.map((field) => (
            <div key={field.id} className="record-field">
              <dt>
                {field.label}
                {!field.isNullable && <span title="required"> *</span>}
              </dt>
              <dd>
                {edited === field.id ? (
                  <div className="record-editor" ref={focusFirst}>
                    <Editor
                      key={field.id}
                      field={field}
                      value={values[inputName(field)] ?? null}
                      text={null}
                      label={field.label}
                      onSave={(value, then) => save(field, value, then === "next")}
                      onCancel={() => setEdited(null)}
                    />
                  </div>
                ) : (
                  <button
                    ref={takeLostFocus}
                    type="button"
                    className="record-value"
                    aria-label={`Edit ${field.label}: ${field.relation ? String(values[inputName(field)] ?? "—") : formatValue(values[field.name], field)}`}
                    onClick={() => setEdited(field.id)}
                  >
                    {field.relation ? (
                      String(values[inputName(field)] ?? "—")
                    ) : (
                      <Cell value={values[field.name]} field={field} />
                    )}
                  </button>
                )}
                {at === field && (
                  <p role="alert" className="editor-problem">
                    {problem?.message}
                  </p>
                )}
              </dd>
            </div>
          ))}
        </dl>
        <Button type="submit" kind="primary">
          Create
        </Button>
      </form>
    </aside>
  );
}
