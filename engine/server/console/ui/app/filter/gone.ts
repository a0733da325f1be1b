// Conditions on fields that are gone: others rename and delete fields while a filter stands in an address.

import { isObject } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import type { Group, Node, Raw } from "./tree.ts";
import type { FieldsAt } from "./words.ts";

export const GONE = " (a field that is gone)";

/** Members of a filter beside its fields. */
const NO_FIELDS = ["and", "or", "not", "some", "none", "every", "isEmpty"];

/** Types of relations, of which one to an object that the role does not read says no more. */
const RELATIONS = ["RELATION", "MORPH_RELATION"];

/** Return true if an object on the way of a path is known and has no such field, or a field has no such part. */
export function isGone(path: readonly string[], fieldsAt: FieldsAt): boolean {
  let before: Field | undefined;
  for (const [at, name] of path.entries()) {
    if (before && !RELATIONS.includes(before.type)) return !partsOf(before.type).some((part) => part.name === name);
    const fields = fieldsAt(path.slice(0, at));
    if (fields === undefined) return false;
    before = fields.find((field) => namesOf(field).includes(name));
    if (before === undefined) return !NO_FIELDS.includes(name);
  }
  return false;
}

// The key of a relation and its aggregate are filtered by names of their own.
function namesOf({ name, type }: Field): readonly string[] {
  return RELATIONS.includes(type) ? [name, `${name}Id`, `${name}Aggregate`] : [name];
}

/** Return the same of a condition in JSON at the end of a path; a member that is no condition is none on a field. */
export function isRawGone({ key, value }: Raw, fieldsAt: FieldsAt, before: readonly string[] = []): boolean {
  return isObject(value) && fieldsAt(before) !== undefined && isGone([...before, key], fieldsAt);
}

/** Return the rows without those on fields that are gone, and without the groups that have no others. */
export function knownRows(rows: Group, fieldsAt: FieldsAt): Group {
  return { ...rows, children: rows.children.flatMap((node) => known(node, fieldsAt, [])) };
}

function known(node: Node, fieldsAt: FieldsAt, before: readonly string[]): Node[] {
  switch (node.kind) {
    case "condition":
      return isGone([...before, ...node.path], fieldsAt) ? [] : [node];
    case "raw":
      return isRawGone(node, fieldsAt, before) ? [] : [node];
    case "group":
      return wholeOf(node, fieldsAt, before).map((children) => ({ ...node, children }));
    case "related": {
      const path = [...before, ...node.path];
      if (isGone(path, fieldsAt)) return [];
      return wholeOf(node.of, fieldsAt, path).map((children) => ({ ...node, of: { ...node.of, children } }));
    }
  }
}

// The rows that are left, as a list of one; none where all have gone.
function wholeOf({ children }: Group, fieldsAt: FieldsAt, before: readonly string[]): (readonly Node[])[] {
  const left = children.flatMap((child) => known(child, fieldsAt, before));
  return left.length === 0 && children.length > 0 ? [] : [left];
}
