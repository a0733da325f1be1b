// The question about edits that are under way, or were refused, before their page is left.

import { plural } from "../kit/numbers.ts";
import { type Failed, type Unsaved, unsavedWrite } from "../kit/unsaved.ts";
import type { Marks } from "./marks.ts";

/** Return the number of the refused values whose fields are still there. */
export function countRefused({ refused }: Marks, fields: readonly { id: string }[]): number {
  if (refused.size === 0) return 0;
  const here = new Set(fields.map(({ id }) => id));
  return [...refused.keys()].filter((key) => here.has(key.slice(key.indexOf(":") + 1))).length;
}

/** Return the words about gestures that are under way, or else about values that are not saved; null for none. */
export function unsavedOf(underWay: number, refused: number, failed: Failed): Omit<Unsaved, "isLeft"> | null {
  // Refused values are marked, each in its place.
  const write = unsavedWrite(underWay > 0, failed === "told" && refused > 0 ? null : failed);
  if (write !== null || refused === 0) return write;
  const text = "The values marked with ⚠ stand on this page alone: save each again, or restore the old one by Escape.";
  return { title: `Leave ${plural(refused, "value")} that could not be saved?`, text, verb: "Discard them" };
}
