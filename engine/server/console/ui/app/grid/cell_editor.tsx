// The editor of a cell in the top layer, at the place of the cell: rows that come later cannot cover it.

import { useRef } from "react";

import { sameJson } from "../api/exact_json.ts";
import type { Field, RecordRow } from "../api/model.ts";
import { Cell } from "../fields/cell.tsx";
import type { Then } from "../fields/editors/editing.ts";
import { Editor } from "../fields/editors/editor.tsx";
import { focusFirst } from "../kit/focus.ts";
import { readValue } from "./edits.ts";
import "./cell_editor.css";

export type CellEditorProps = {
  field: Field;
  /** The record as it was when the edit began. */
  record: RecordRow;
  /** The record as it is now. */
  present: RecordRow;
  text: string | null;
  /** The reason for which the server refused the text before. */
  refusal: string | undefined;
  label: string;
  onSave(value: unknown, then: Then, text: string): void;
  onCancel(): void;
};

export function CellEditor({ field, record, present, text, refusal, label, onSave, onCancel }: CellEditorProps) {
  // The end of the focus follows each save: a value is saved once.
  const isLeft = useRef(false);
  const theirs = readValue(present, field);
  const isChanged = !sameJson(theirs, readValue(record, field));

  function leave(action: () => void): void {
    if (isLeft.current) return;
    isLeft.current = true;
    action();
  }

  return (
    <div ref={show} popover="manual" className="cell-editor" role="group" aria-label={`Edit ${label}`}>
      <Editor
        field={field}
        value={readValue(record, field)}
        related={record[field.name]}
        text={text}
        label={label}
        onSave={(value, then, typed) => leave(() => onSave(value, then, typed))}
        onCancel={() => leave(onCancel)}
      />
      {refusal && (
        <p role="alert" className="editor-problem">
          {refusal}
        </p>
      )}
      {isChanged && (
        <p role="status" className="cell-editor-theirs">
          Another has changed this to <Cell value={present[field.name]} field={field} />. Yours is kept until you
          decide.
        </p>
      )}
    </div>
  );
}

// A function of the module: React calls it when the element appears, and not again.
function show(element: HTMLDivElement | null): void {
  if (element === null) return;
  element.showPopover();
  focusFirst(element, { preventScroll: true });
}
