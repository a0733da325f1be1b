// The fields of a record, each edited in its place and saved by itself.

import { useRef, useState } from "react";
import { sameJson } from "../../api/exact_json.ts";
import type { Field, RecordRow } from "../../api/model.ts";
import { outsideOf } from "../../fields/address.ts";
import { Cell } from "../../fields/cell.tsx";
import type { Then } from "../../fields/editors/editing.ts";
import { Editor } from "../../fields/editors/editor.tsx";
import { Locked } from "../../fields/locked.tsx";
import { formatValue, isLocked, mayGive } from "../../fields/registry.ts";
import { readValue } from "../../grid/edits.ts";
import { onEditKey } from "../../grid/keys.ts";
import { cellKey } from "../../grid/marks.ts";
import { focusFirst } from "../../kit/focus.ts";
import { EditorLeft } from "../../kit/unsaved.ts";
import { useWhole } from "../../kit/use_whole.ts";
import { isLeft } from "../records/address.ts";
import { ConflictDialog } from "../records/conflict_dialog.tsx";
import { RecordLink } from "./record_link.tsx";
import type { useRecord } from "./use_record.ts";

type RecordFieldsProps = {
  record: ReturnType<typeof useRecord>;
  row: RecordRow;
  onOpen(plural: string, id: string): void;
};

export function RecordFields({ record, row, onOpen }: RecordFieldsProps) {
  const { edits, fields } = record;
  const seen = edits.shown(row);
  const shown = useWhole(fields);
  return (
    <EditorLeft value={(step) => isLeft(step, row.id)}>
      <dl className="record-fields">
        {shown.map((field) => (
          <div key={field.id} className="record-field">
            <dt id={`label ${field.id}`.replaceAll(" ", "-")}>
              {field.label} {record.mayUpdate && isLocked(field) && <Locked />}
            </dt>
            <dd>
              <FieldValue record={record} row={seen} field={field} onOpen={onOpen} />
            </dd>
          </div>
        ))}
      </dl>
      {edits.conflict && <ConflictDialog conflict={edits.conflict} edits={edits} />}
    </EditorLeft>
  );
}

function FieldValue({ record, row, field, onOpen }: RecordFieldsProps & { field: Field }) {
  const { edits } = record;
  // The record as it was when the edit began: its version guards the write.
  const [begun, setBefore] = useState<RecordRow | null>(null);
  // A letter that was typed on the value stands in the place of that.
  const [letter, setLetter] = useState<string | null>(null);
  // A field that another renames meanwhile has no value under its name of before.
  const before = begun === null || field.name in begun ? begun : row;
  // A key has ended the edit: the value has the focus before the next key comes.
  const takesFocus = useRef(false);
  const key = cellKey(row.id, field.id);
  const refused = edits.marks.refused.get(key);
  const isPending = edits.marks.pending.has(key);

  function begin(text: string | null): void {
    setBefore(row);
    setLetter(text);
  }

  function leave(isByKey: boolean): void {
    setBefore(null);
    takesFocus.current = isByKey;
  }

  function save(value: unknown, then: Then, text: string): void {
    if (before === null) return;
    leave(then !== "stay" || document.activeElement !== document.body);
    void edits.write(`Changed ${field.label}`, [{ record: before, field, value, text }]);
  }

  if (!mayGive(field, "update") || !record.mayUpdate) return <Value row={row} field={field} onOpen={onOpen} />;
  if (before === null) {
    return (
      <>
        <button
          ref={(button) => {
            if (button === null || !takesFocus.current) return;
            takesFocus.current = false;
            button.focus();
          }}
          type="button"
          className="record-value"
          // The name of the button has the text that is seen on it.
          aria-label={`Edit ${field.label}: ${refused?.text ?? formatValue(row[field.name], field)}`}
          data-state={isPending ? "pending" : refused ? "refused" : undefined}
          onClick={() => begin(null)}
          // The value takes the keys that edit a cell of a list.
          onKeyDown={onEditKey(begin)}
        >
          {refused ? refused.text : <Cell value={row[field.name]} field={field} />}
        </button>
        <OpenValue row={row} field={field} onOpen={onOpen} />
        {refused && (
          <p role="alert" className="editor-problem">
            {refused.message}
          </p>
        )}
      </>
    );
  }
  const isChanged = !sameJson(readValue(row, field), readValue(before, field));
  return (
    <div className="record-editor" ref={focusFirst}>
      <Editor
        field={field}
        value={readValue(before, field)}
        related={before[field.name]}
        text={letter ?? refused?.text ?? null}
        label={field.label}
        onSave={save}
        onCancel={() => {
          edits.dropRefusal(key);
          leave(true);
        }}
      />
      {isChanged && (
        <p role="status" className="cell-editor-theirs">
          Another has changed this to <Cell value={row[field.name]} field={field} />. Yours is kept until you decide.
        </p>
      )}
    </div>
  );
}

function Value({ row, field, onOpen }: Omit<RecordFieldsProps, "record"> & { field: Field }) {
  return (
    <>
      <Cell value={row[field.name]} field={field} />
      <OpenValue row={row} field={field} onOpen={onOpen} />
    </>
  );
}

/** The way from a value to its record, or out of the console. */
function OpenValue({ row, field, onOpen }: Omit<RecordFieldsProps, "record"> & { field: Field }) {
  const value = row[field.name];
  const outside = outsideOf(value, field);
  if (outside !== null) {
    return (
      <a
        className="button"
        data-kind="quiet"
        href={outside.href}
        target="_blank"
        rel="noopener noreferrer"
        aria-label={`${outside.verb} ${field.label}`}
      >
        {outside.verb}
      </a>
    );
  }
  if (!field.relation || typeof value !== "object" || value === null || !("id" in value)) return null;
  const { target } = field.relation;
  return (
    <RecordLink
      plural={target.namePlural}
      id={String(value.id)}
      className="button"
      label={`Open ${field.label}`}
      onOpen={onOpen}
    >
      Open
    </RecordLink>
  );
}
