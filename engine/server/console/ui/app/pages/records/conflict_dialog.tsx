// Two values of one field: another has changed it while it was edited here.

import { Cell } from "../../fields/cell.tsx";
import { formatValue } from "../../fields/registry.ts";
import type { Conflict, Edits } from "../../grid/use_edits.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";

export function ConflictDialog({ conflict, edits }: { conflict: Conflict; edits: Edits }) {
  const { field, mine, theirs } = conflict;
  const isKey = field.relation !== null;
  return (
    <Dialog
      title={`Another has changed ${field.label}`}
      role="alertdialog"
      actions={
        <>
          <Button onPress={edits.dropConflict}>Keep theirs</Button>
          <Button kind="primary" onPress={() => void edits.resolve({ ...mine, record: theirs })}>
            Write mine
          </Button>
        </>
      }
    >
      <dl className="conflict">
        <dt>Before</dt>
        <dd>
          <Cell value={mine.record[field.name]} field={field} />
        </dd>
        <dt>Theirs</dt>
        <dd>
          <Cell value={theirs[field.name]} field={field} />
        </dd>
        <dt>Mine</dt>
        <dd>{isKey ? mine.text : formatValue(mine.value, field)}</dd>
      </dl>
    </Dialog>
  );
}
