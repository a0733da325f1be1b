// One value for a field of many records: the count is asked again on the server, and typed above a thousand.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { describeFailure, isUnsure } from "../../api/errors.ts";
import { inputName } from "../../api/model.ts";
import { MAXIMUM_RECORDS } from "../../api/record_documents.ts";
import { updateWhere } from "../../api/row_writes.ts";
import { Cell } from "../../fields/cell.tsx";
import { Editor } from "../../fields/editors/editor.tsx";
import { mayGive } from "../../fields/registry.ts";
import type { CellEdit } from "../../grid/use_edits.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { plural } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { isBack, useUnsaved } from "../../kit/unsaved.ts";
import { type Bulk, recordsOf } from "./bulk.ts";
import { CountGuard, useBulkCount } from "./count_guard.tsx";
import type { List } from "./use_list.ts";

const UNSENT = {
  title: "Leave without the change of the records?",
  text: "The new value is not written to them yet.",
  verb: "Discard it",
};

export function BulkEditDialog({ list, bulk, onClose }: { list: List; bulk: Bulk; onClose(): void }) {
  const fields = list.object.fields.filter((one) => mayGive(one, "update"));
  const [name, setName] = useState(fields[0]?.name ?? "");
  const [given, setGiven] = useState<{ value: unknown; text: string } | null>(null);
  const [isSure, setSure] = useState(false);
  const count = useBulkCount(list.object, bulk);
  const writing = useMutation({
    mutationFn: write,
    onSuccess: onClose,
    onError: (error) => isUnsure(error) && list.renew(),
  });
  const field = fields.find((one) => one.name === name);
  useUnsaved(given && !writing.isPending ? { ...UNSENT, isLeft: isBack } : null);
  if (!field) return null;

  // As many selected records as a gesture takes are one, with an undo; all others are written by the filter.
  const gesture = bulk.ids.length <= MAXIMUM_RECORDS ? bulk.ids : [];
  const here = gesture.flatMap((id) => list.rows.pages.find((row) => row.id === id)?.row ?? []);
  const canUndo = here.length > 0 && here.length === gesture.length;

  async function write(value: unknown): Promise<void> {
    if (!field) return;
    if (canUndo) {
      const edits = here.map((record): CellEdit => ({ record, field, value, text: "" }));
      await list.edits.write(`Changed ${field.label} of ${plural(edits.length, "record")}`, edits);
      return;
    }
    const written = await updateWhere(list.object, bulk.filter, { [inputName(field)]: value });
    list.edits.tell(`Changed ${field.label} of ${plural(written, "record")}`);
    list.renew();
  }

  return (
    <Dialog
      title={`Edit ${recordsOf(count ?? bulk.count)}`}
      onClose={onClose}
      write={writing}
      actions={
        <>
          <Button slot="close">Cancel</Button>
          <Button
            kind="primary"
            isDisabled={given === null || !isSure}
            onPress={() => given === null || writing.isPending || writing.mutate(given.value)}
          >
            {writing.isPending ? "Changing…" : `Change ${recordsOf(count ?? bulk.count)}`}
          </Button>
        </>
      }
    >
      {writing.error && <Problem {...describeFailure(writing.error)} />}
      <Select
        label="Field"
        value={name}
        choices={fields.map((one) => ({ id: one.name, label: one.label }))}
        onChange={(next) => {
          setName(next);
          setGiven(null);
        }}
      />
      {given === null ? (
        <div className="field">
          <span className="field-label">New value</span>
          <Editor
            key={field.id}
            field={field}
            value={null}
            text={null}
            label="New value"
            onSave={(value, _then, text) => value !== null && setGiven({ value, text })}
            onCancel={() => setGiven(null)}
          />
          <Button onPress={() => setGiven({ value: null, text: "—" })}>No value</Button>
        </div>
      ) : (
        <p>
          New value: {field.relation ? given.text : <Cell value={given.value} field={field} />}{" "}
          <Button onPress={() => setGiven(null)}>Change</Button>
        </p>
      )}
      <CountGuard count={count} onSure={setSure} />
      <p className="editor-hint">{canUndo ? "Ctrl+Z takes it back." : "This cannot be undone here."}</p>
    </Dialog>
  );
}
