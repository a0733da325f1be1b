// The rows of a filter that stands in the address.

import { useFollowed } from "../kit/use_followed.ts";
import { buildFilter, type Filter, type Group, group, parseFilter } from "./tree.ts";
import { membersOf } from "./use_fields.ts";
import type { FieldsAt } from "./words.ts";

/** Return the rows of a filter, or `rows` if they stand for that filter already. */
export function rowsOf(filter: Filter, rows: Group, fieldsAt: FieldsAt): Group {
  return JSON.stringify(buildFilter(rows)) === JSON.stringify(filter) ? rows : parseFilter(filter, membersOf(fieldsAt));
}

/** Return the rows of the filter, and a function that notes changed ones. */
export function useFilterRows(filter: Filter, fieldsAt: FieldsAt): [Group, (rows: Group) => void] {
  const followed = {
    present: JSON.stringify(filter),
    print: (rows: Group) => JSON.stringify(buildFilter(rows)),
    read: (rows: Group) => rowsOf(filter, rows, fieldsAt),
  };
  return useFollowed(followed, group("and", []));
}
