// A paste before it is written: how much it changes, and each cell that cannot be read.

import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { plural } from "../../kit/numbers.ts";
import type { Gestures } from "./use_gestures.ts";

const SHOWN = 20;

export function PasteDialog({ gestures }: { gestures: Gestures }) {
  const { paste } = gestures;
  if (!paste) return null;
  const { edits, created, problems, leftOut } = paste;
  const rows = new Set(edits.map(({ record }) => record.id)).size;
  return (
    <Dialog
      title="Paste"
      onClose={gestures.dropPaste}
      actions={
        <>
          <Button onPress={gestures.dropPaste}>Cancel</Button>
          <Button
            kind="primary"
            isDisabled={problems.length > 0 || edits.length + created.length === 0}
            onPress={() => void gestures.finishPaste(paste)}
          >
            Paste
          </Button>
        </>
      }
    >
      <p>
        {plural(edits.length, "cell")} in {plural(rows, "record")}
        {created.length > 0 && `, and ${plural(created.length, "new record")}`}. One undo takes all of it back.
        {leftOut > 0 && ` The last ${plural(leftOut, "column")} of the clipboard lie beyond the list and are left out.`}
      </p>
      {problems.length > 0 && (
        <div role="alert">
          <p>Nothing can be pasted until these cells can be read:</p>
          <ul className="paste-problems">
            {problems.slice(0, SHOWN).map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          {problems.length > SHOWN && <p>… and {problems.length - SHOWN} more.</p>}
        </div>
      )}
    </Dialog>
  );
}
