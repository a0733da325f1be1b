// The parts that two answers to a query share: a page draws again what has changed, and nothing else.

import { replaceEqualDeep } from "@tanstack/react-query";

import { hasRaw } from "./exact_json.ts";

/** Return an answer with the equal parts of the one before. To TanStack Query a raw number is an object, which it copies. */
export function shareAnswer(before: unknown, after: unknown): unknown {
  return hasRaw(after) ? after : replaceEqualDeep(before, after);
}
