// The records that an action on the selection of a list concerns.

import { plural } from "../../kit/numbers.ts";

/** The number is undefined while all records are selected and not counted yet. */
export type Bulk = { filter: object; count: number | undefined; ids: readonly string[] };

/** Return the words for as many records. */
export function recordsOf(count: number | undefined): string {
  return count === undefined ? "all records" : plural(count, "record");
}
