// The record that is typed in the row behind the last one: its values stay until the row is left, and a refusal keeps them.

import { useRef, useState } from "react";

import { type Field, inputName, type RecordRow } from "../../api/model.ts";
import type { List } from "./use_list.ts";

export const DRAFT_ID = "new";

export function useDraft(list: List) {
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const isCreating = useRef(false);

  async function create(data: Readonly<Record<string, unknown>>): Promise<void> {
    if (Object.keys(data).length === 0 || isCreating.current) return;
    isCreating.current = true;
    try {
      if (await list.edits.write(`Created a ${list.object.labelSingular}`, [], [data])) setValues({});
    } finally {
      isCreating.current = false;
    }
  }

  return {
    /** The values as a record that has no id yet. */
    row: { ...values, id: DRAFT_ID, updatedAt: "", deletedAt: null } as RecordRow,
    isEmpty: Object.keys(values).length === 0,
    /** Keep a value; with `isLast` the record is created. */
    put(field: Field, value: unknown, isLast: boolean): void {
      const next = value === null && !(inputName(field) in values) ? values : { ...values, [inputName(field)]: value };
      setValues(next);
      if (isLast) void create(next);
    },
    /** Create the record, if it has a value: the row was left. */
    leave: () => void create(values),
    drop: () => setValues({}),
  };
}

export type Draft = ReturnType<typeof useDraft>;
