// The trash for many records, their way back, and their end: the count is asked again, and the end is typed.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { describeFailure, isUnsure } from "../../api/errors.ts";
import type { ObjectModel } from "../../api/model.ts";
import { type BulkVerb, writeWhere } from "../../api/row_writes.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { plural } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { type Bulk, recordsOf } from "./bulk.ts";
import { CountGuard, useBulkCount } from "./count_guard.tsx";

const WORDS: Readonly<Record<BulkVerb, { title: string; button: string; busy: string; done: string; text: string }>> = {
  removeMany: {
    title: "Move to the trash",
    button: "Delete",
    busy: "Deleting…",
    done: "Moved to the trash:",
    text: "They can be restored from the trash.",
  },
  restoreMany: {
    title: "Restore",
    button: "Restore",
    busy: "Restoring…",
    done: "Restored:",
    text: "They are records like all others then.",
  },
  destroyMany: {
    title: "Destroy",
    button: "Destroy",
    busy: "Destroying…",
    done: "Destroyed:",
    text: "They are gone for good, and with them the records that depend on them. Nothing brings them back.",
  },
};

export type BulkRemoveProps = {
  bulk: Bulk;
  verb: BulkVerb;
  object: ObjectModel;
  /** Called with the sentence about the records that were written. */
  onWritten(text: string): void;
  /** Called after a write whose answer was lost. */
  onUnsure(): void;
  onClose(): void;
};

export function BulkRemoveDialog({ bulk, verb, object, onWritten, onUnsure, onClose }: BulkRemoveProps) {
  const [isSure, setSure] = useState(false);
  const [typed, setTyped] = useState("");
  const count = useBulkCount(object, bulk);
  const words = WORDS[verb];
  const needsName = verb === "destroyMany";

  const removing = useMutation({
    mutationFn: () => writeWhere(object, verb, bulk.filter),
    onSuccess: (written) => {
      onWritten(`${words.done} ${plural(written.length, "record")}`);
      onClose();
    },
    onError: (error) => isUnsure(error) && onUnsure(),
  });
  return (
    <Dialog
      title={`${words.title}: ${recordsOf(count ?? bulk.count)}`}
      role="alertdialog"
      onClose={onClose}
      write={removing}
      actions={
        <>
          <Button slot="close">Cancel</Button>
          <Button
            kind={verb === "restoreMany" ? "primary" : "danger"}
            isDisabled={!isSure || (needsName && typed !== object.namePlural)}
            onPress={() => removing.isPending || removing.mutate()}
          >
            {removing.isPending ? words.busy : words.button}
          </Button>
        </>
      }
    >
      {removing.error && <Problem {...describeFailure(removing.error)} />}
      <p>{words.text}</p>
      <CountGuard count={count} onSure={setSure} />
      {needsName && (
        <TextField
          label={`Type ${object.namePlural} to confirm`}
          value={typed}
          onChange={setTyped}
          isCode
          autoComplete="off"
        />
      )}
    </Dialog>
  );
}
