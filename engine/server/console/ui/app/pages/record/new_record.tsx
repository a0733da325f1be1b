// A new record: the fields that may be given, and the problem of each beside it.

import { X } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useRef, useState } from "react";

import { ApiError, describeFailure, type Failure } from "../../api/errors.ts";
import { type Field, inputName, type ObjectModel } from "../../api/model.ts";
import { isWrittenBefore, newWriteKey, writeRows } from "../../api/row_writes.ts";
import { Cell } from "../../fields/cell.tsx";
import { Editor } from "../../fields/editors/editor.tsx";
import { type NameOf, useRecordNames } from "../../fields/record_name.tsx";
import { formatValue, mayGive, NULL_TEXT } from "../../fields/registry.ts";
import { onEditKey } from "../../grid/keys.ts";
import { Button } from "../../kit/button.tsx";
import { focusFirst, showRefusal, takeLostFocus } from "../../kit/focus.ts";
import { Problem } from "../../kit/problem.tsx";
import { EditorLeft, type Step, unsavedWrite, useUnsaved } from "../../kit/unsaved.ts";
import { useWhole } from "../../kit/use_whole.ts";
import { isLeft } from "../records/address.ts";

/** The field that is edited; a letter that was typed on its value stands in the place of that. */
type Edited = { id: string; text: string | null };

export type NewRecordProps = { object: ObjectModel; onClose(): void; onCreated(id: string): void };

export function NewRecord({ object, onClose, onCreated }: NewRecordProps) {
  const fields = object.fields.filter((field) => mayGive(field, "create") && !field.isSystem);
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const shown = useWhole(fields);
  // One request for the names of all chosen records: a hook in each field would have an observer there.
  const nameOf = useRecordNames(
    fields.flatMap((field) => {
      const id = values[inputName(field)];
      return field.relation && typeof id === "string" ? [{ target: field.relation.target, id }] : [];
    }),
  );
  const [edited, setEdited] = useState<Edited | null>(() => editOf(fields[0]));
  const [problem, setProblem] = useState<(Failure & { field: string | null }) | null>(null);
  // One record, however often the button is pressed until the server has answered.
  const [key] = useState(() => newWriteKey());
  const isCreated = useRef(false);
  const [isCreating, setCreating] = useState(false);
  const isDirty = Object.keys(values).length > 0;
  const unsaved = {
    title: `Leave without the new ${object.labelSingular}?`,
    text: "The values of the form are not kept: the record is not created yet.",
    verb: "Discard it",
    isLeft: (step: Step) => !isCreated.current && isLeft(step, "new"),
    isRefused: problem !== null,
  };
  const write = unsavedWrite(isCreating, null);
  useUnsaved(write ? { ...write, isLeft: unsaved.isLeft } : isDirty ? unsaved : null);
  // As a dialog, the form stays until its write is answered.
  const close = () => isCreating || onClose();
  const at = fields.find(
    (field) => problem?.field?.split(".").includes(field.name) || problem?.field?.split(".").includes(inputName(field)),
  );

  async function create(): Promise<void> {
    // A second press of the button is no second record.
    if (isCreating) return;
    setCreating(true);
    setProblem(null);
    try {
      const { created } = await writeRows(object, [], [], [values], key);
      isCreated.current = true;
      if (created[0]) onCreated(created[0].id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The refusal of the list's only record: data[0].email.
      const field = error.field?.replace(/^data\[0\]\.?/, "") ?? null;
      const failure = isWrittenBefore(error) ? key.before : describeFailure(error, "Nothing was created.");
      setProblem({ field, ...failure });
    } finally {
      setCreating(false);
    }
  }

  function save(field: Field, value: unknown, goesOn: boolean): void {
    setValues((before) =>
      value === null && !(inputName(field) in before) ? before : { ...before, [inputName(field)]: value },
    );
    const next = fields[fields.indexOf(field) + 1];
    setEdited((before) => (before?.id !== field.id ? before : goesOn ? editOf(next) : null));
  }

  return (
    <aside className="record-panel" aria-label={`New ${object.labelSingular}`}>
      <form
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          // A value that its editor has refused would be left out.
          const refused = event.currentTarget.querySelector<HTMLElement>("[aria-invalid=true]");
          // The text of JSON is in an element of its own.
          if (refused) (refused.querySelector<HTMLElement>("[contenteditable]") ?? refused).focus();
          else void create();
        }}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key === "Escape" && !event.defaultPrevented) close();
        }}
      >
        <header>
          <h2>New {object.labelSingular}</h2>
          <Button kind="quiet" icon={<X aria-hidden />} aria-label="Close without creating" onPress={close} />
        </header>
        {problem && !at && <Problem title={problem.title} text={problem.text} />}
        <dl className="record-fields record-form">
          {shown.map((field) => (
            <div key={field.id} className="record-field">
              <dt>
                {field.label}
                {!field.isNullable && <span title="required"> *</span>}
              </dt>
              <dd>
                {edited?.id === field.id ? (
                  <div className="record-editor" ref={focusFirst}>
                    <EditorLeft value={unsaved.isLeft}>
                      <Editor
                        key={field.id}
                        field={field}
                        value={values[inputName(field)] ?? null}
                        text={edited.text}
                        label={field.label}
                        onSave={(value, then) => save(field, value, then === "next")}
                        onCancel={() => setEdited(null)}
                      />
                    </EditorLeft>
                  </div>
                ) : (
                  <NewValue
                    field={field}
                    value={values[inputName(field)]}
                    nameOf={nameOf}
                    onEdit={(text) => setEdited(editOf(field, text))}
                  />
                )}
                {at === field && (
                  <p ref={showRefusal} role="alert" className="editor-problem">
                    {problem?.text}
                  </p>
                )}
              </dd>
            </div>
          ))}
        </dl>
        <div className="record-create">
          <Button type="submit" kind="primary">
            {isCreating ? "Creating…" : "Create"}
          </Button>
        </div>
      </form>
    </aside>
  );
}

function editOf(field: Field | undefined, text: string | null = null): Edited | null {
  return field ? { id: field.id, text } : null;
}

type NewValueProps = { field: Field; value: unknown; nameOf: NameOf; onEdit(text: string | null): void };

function NewValue({ field, value, nameOf, onEdit }: NewValueProps) {
  const target = field.relation?.target;
  const name = target && typeof value === "string" ? nameOf(target, value) : NULL_TEXT;
  return (
    <button
      ref={takeLostFocus}
      type="button"
      className="record-value"
      aria-label={`Edit ${field.label}: ${field.relation ? name : formatValue(value, field)}`}
      onClick={() => onEdit(null)}
      // The value looks like an input: it takes the keys that edit a cell.
      onKeyDown={onEditKey(onEdit)}
    >
      {field.relation && value ? name : <Cell value={value} field={field} />}
    </button>
  );
}
