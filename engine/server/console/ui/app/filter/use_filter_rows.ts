// The rows of a filter that stands in the address.

import { useFollowed } from "../kit/use_followed.ts";
import { rowsOf } from "./builder.tsx";
import { buildFilter, type Filter, type Group, group } from "./tree.ts";
import type { FieldsAt } from "./words.ts";

/** Return the rows of the filter, and a function that notes changed ones. */
export function useFilterRows(filter: Filter, fieldsAt: FieldsAt): [Group, (rows: Group) => void] {
  const followed = {
    present: JSON.stringify(filter),
    print: (rows: Group) => JSON.stringify(buildFilter(rows)),
    read: (rows: Group) => rowsOf(filter, rows, fieldsAt),
  };
  return useFollowed(followed, group("and", []));
}
