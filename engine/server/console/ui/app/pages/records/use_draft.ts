// The record that is typed in the row behind the last one: its values stay until the row is left, and a refusal keeps them.

import { useEffect, useRef, useState } from "react";

import { type Field, inputName, type RecordRow } from "../../api/model.ts";
import { newWriteKey, type WriteKey } from "../../api/row_writes.ts";
import { focus } from "../../grid/selection.ts";
import type { List } from "./use_list.ts";

export const DRAFT_ID = "new";

export function useDraft(list: List) {
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const isCreating = useRef(false);
  // One record, however often the row is left until the server has answered.
  const key = useRef<WriteKey | null>(null);
  // A record was made by the key before: the next one is created by a press alone, and not since the row is left.
  const isHeld = useRef(false);
  const isEmpty = Object.keys(values).length === 0;
  const { setSelection } = list;
  const { count } = list.rows;
  const row = useRef(count);
  // The row goes on behind records that came: the next letters are still those of the new record.
  useEffect(() => {
    const before = row.current;
    row.current = count;
    if (isEmpty || before === undefined || count === undefined || before === count) return;
    setSelection((now) => (now.cell.row === before ? focus(now, { ...now.cell, row: count }, false) : now));
  }, [count, isEmpty, setSelection]);

  async function create(data: Readonly<Record<string, unknown>>): Promise<void> {
    if (Object.keys(data).length === 0 || isCreating.current) return;
    isCreating.current = true;
    key.current ??= newWriteKey();
    const before = key.current.text;
    try {
      const isCreated = await list.edits.write(`Created a ${list.object.labelSingular}`, [], [data], key.current);
      isHeld.current = !isCreated && key.current.text !== before;
      if (!isCreated) return;
      key.current = null;
      // Values that were typed meanwhile are those of the next record.
      setValues((now) => Object.fromEntries(Object.entries(now).filter(([name, one]) => one !== data[name])));
    } finally {
      isCreating.current = false;
    }
  }

  return {
    /** The values as a record that has no id yet. */
    row: { ...values, id: DRAFT_ID, updatedAt: "" } as RecordRow,
    isEmpty,
    /** Keep a value; with `isLast` the record is created. */
    put(field: Field, value: unknown, isLast: boolean): void {
      const next = value === null && !(inputName(field) in values) ? values : { ...values, [inputName(field)]: value };
      setValues(next);
      if (isLast) void create(next);
    },
    /** Create the record, if it has a value: the row was left. */
    leave: () => {
      if (!isHeld.current) void create(values);
    },
    drop: () => {
      key.current = null;
      isHeld.current = false;
      setValues({});
    },
  };
}

export type Draft = ReturnType<typeof useDraft>;
