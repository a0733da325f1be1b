// Conditions in words, with the names of the records that they compare with.

import { useRecordNames } from "../fields/record_name.tsx";
import type { Node } from "./tree.ts";
import { describe, type FieldsAt, findRelated, isLacking } from "./words.ts";

/** Return the function that says one of these conditions, or a part of one, in words. */
export function useWords(nodes: readonly Node[], fieldsAt: FieldsAt): (node: Node) => string {
  // All names are asked for at once: when the objects of all conditions are known.
  const isReady = !nodes.some((node) => isLacking(node, fieldsAt));
  const nameOf = useRecordNames(
    nodes.flatMap((node) => findRelated(node, fieldsAt)),
    isReady,
  );
  return (node) => describe(node, fieldsAt, nameOf);
}
