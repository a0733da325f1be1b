// The way of a record to the trash, and out of it: back among the others, or to its end.

import { Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ObjectModel } from "../../api/model.ts";
import { Button } from "../../kit/button.tsx";
import { takeLostFocus } from "../../kit/focus.ts";
import { Problem } from "../../kit/problem.tsx";
import { BulkRemoveDialog } from "../records/bulk_remove_dialog.tsx";
import { EditsNotice } from "../records/edits_notice.tsx";
import type { useRecord } from "./use_record.ts";

export type RecordTrashProps = { object: ObjectModel; id: string; record: ReturnType<typeof useRecord> };

export function DeleteRecord({ record }: Pick<RecordTrashProps, "record">) {
  if (!record.mayDelete) return null;
  return (
    <Button kind="quiet" icon={<Trash2 aria-hidden />} onPress={() => record.move("removeMany")}>
      Delete
    </Button>
  );
}

/** The news of the record's writes, and the trash with its ways out while the record is there. */
export function RecordTrash({ object, id, record }: RecordTrashProps) {
  const { edits, isDeleted } = record;
  const [isEnding, setEnding] = useState(false);
  const top = useRef<HTMLDivElement>(null);
  // The button that moved the record is gone with its state.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of a state is the reason
  useEffect(() => () => takeLostFocus(top.current), [isDeleted]);
  return (
    <div ref={top} tabIndex={-1} className="record-news">
      {edits.problem && (
        <Problem {...edits.problem}>
          <Button onPress={edits.dropProblem}>Close</Button>
        </Problem>
      )}
      <div role="status">
        <EditsNotice edits={edits} />
      </div>
      {isDeleted && (
        <Problem kind="warn" title={`This ${object.labelSingular} is in the trash.`}>
          <div className="record-told">
            {record.mayRestore && <Button onPress={() => record.move("restoreMany")}>Restore</Button>}
            {record.mayDestroy && (
              <Button kind="danger" onPress={() => setEnding(true)}>
                Destroy…
              </Button>
            )}
          </div>
        </Problem>
      )}
      {isEnding && (
        <BulkRemoveDialog
          object={object}
          verb="destroyMany"
          bulk={{ filter: { id: { eq: id }, deletedAt: { is: "NOT_NULL" } }, count: 1, ids: [id] }}
          onWritten={(text) => {
            record.moved();
            edits.tell(text);
          }}
          onUnsure={record.moved}
          onClose={() => setEnding(false)}
        />
      )}
    </div>
  );
}
