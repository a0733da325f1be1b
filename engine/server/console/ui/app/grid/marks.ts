// The state of cells and rows beside their values: under way, refused, changed by another, no longer of the list.

export type Refusal = { text: string; message: string };

export type Marks = {
  /** Cells whose write is under way, with the value that is shown meanwhile. */
  pending: ReadonlyMap<string, unknown>;
  refused: ReadonlyMap<string, Refusal>;
  flashed: ReadonlySet<string>;
  /** Rows that the filter or the order no longer wants, with the reason. */
  rows: ReadonlyMap<string, string>;
};

export const NO_MARKS: Marks = { pending: new Map(), refused: new Map(), flashed: new Set(), rows: new Map() };

export function cellKey(recordId: string, fieldId: string): string {
  return `${recordId}:${fieldId}`;
}

export function withEntries<Value>(map: ReadonlyMap<string, Value>, entries: Iterable<readonly [string, Value]>) {
  return new Map([...map, ...entries]);
}

export function without<Value>(map: ReadonlyMap<string, Value>, keys: readonly string[]): ReadonlyMap<string, Value> {
  if (!keys.some((key) => map.has(key))) return map;
  const gone = new Set(keys);
  return new Map([...map].filter(([key]) => !gone.has(key)));
}

/** Return the refused values but for those of records that are not there any more. */
export function withoutRecords<Value>(refused: ReadonlyMap<string, Value>, ids: readonly string[]) {
  const gone = new Set(ids);
  return new Map([...refused].filter(([key]) => !gone.has(key.slice(0, key.indexOf(":")))));
}
