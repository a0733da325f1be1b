// The state of cells and rows beside their values: under way, refused, changed by another, no longer of the list.

import { plural } from "../kit/numbers.ts";
import type { Unsaved } from "../kit/unsaved.ts";

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

/** Return the words about gestures that are under way, or else about refused values; null where there are none. */
export function unsavedOf(underWay: number, refused: number): Omit<Unsaved, "isLeft"> | null {
  if (underWay > 0) {
    const text = "The server has not answered a change yet. If it refuses the change, another page does not say so.";
    return { title: "Leave while a change is being saved?", text, verb: "Leave", isPassing: true };
  }
  if (refused === 0) return null;
  const text = "The values marked with ⚠ stand on this page alone: save each again, or restore the old one by Escape.";
  return { title: `Leave ${plural(refused, "value")} that could not be saved?`, text, verb: "Discard them" };
}
