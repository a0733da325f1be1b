// The question about edits that are under way, or were refused, before their page is left.

import { plural } from "../kit/numbers.ts";
import type { Unsaved } from "../kit/unsaved.ts";
import type { Marks } from "./marks.ts";

/** Return the number of the refused values whose fields are still there. */
export function countRefused({ refused }: Marks, fields: readonly { id: string }[]): number {
  if (refused.size === 0) return 0;
  const here = new Set(fields.map(({ id }) => id));
  return [...refused.keys()].filter((key) => here.has(key.slice(key.indexOf(":") + 1))).length;
}

/** The change that is not written, as the page asks about it, or has told. */
export type Failed = "asked" | "told" | null;

/** Return the words about gestures that are under way, or else about values that are not saved; null for none. */
export function unsavedOf(underWay: number, refused: number, failed: Failed): Omit<Unsaved, "isLeft"> | null {
  if (underWay > 0) {
    const text = "The server has not answered a change yet. If it refuses the change, another page does not say so.";
    return { title: "Leave while a change is being saved?", text, verb: "Leave", isPassing: true };
  }
  if (failed === "asked" || (failed === "told" && refused === 0)) {
    const text = "The page says what became of a change: it is not written.";
    return {
      title: "Leave a change that was not saved?",
      text,
      verb: "Discard it",
      isRefused: true,
      isTold: failed === "told",
    };
  }
  if (refused === 0) return null;
  const text = "The values marked with ⚠ stand on this page alone: save each again, or restore the old one by Escape.";
  return { title: `Leave ${plural(refused, "value")} that could not be saved?`, text, verb: "Discard them" };
}
