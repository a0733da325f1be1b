// The order of a list: `-createdAt,company.name` in the address, a list of objects for the API.

import { type Field, isToOne, type ObjectModel } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";

export type Key = { path: readonly string[]; descending: boolean };

export function parseOrder(text: string | null): Key[] {
  return (text ?? "")
    .split(",")
    .filter((key) => /^-?\w+(\.\w+)*$/.test(key))
    .map((key) => ({ path: key.replace(/^-/, "").split("."), descending: key.startsWith("-") }));
}

export function printOrder(keys: readonly Key[]): string {
  return keys.map((key) => `${key.descending ? "-" : ""}${key.path.join(".")}`).join(",");
}

/** Return the value of `orderBy`; records without a value stand last, whatever the direction. */
export function buildOrderBy(keys: readonly Key[]): unknown[] {
  return keys.map((key) =>
    key.path.reduceRight<unknown>(
      (inner, name) => ({ [name]: inner }),
      key.descending ? "DescNullsLast" : "AscNullsLast",
    ),
  );
}

/** Return the path by which a list is ordered by a field; null if the field has no order. */
export function orderPath(field: Field): readonly string[] | null {
  if (isToOne(field)) {
    const label = field.relation?.target.labels[0];
    return label ? [field.name, label.name, ...firstPart(label.type)] : null;
  }
  if (field.relation || ["RAW_JSON", "ARRAY", "MULTI_SELECT", "TS_VECTOR"].includes(field.type)) return null;
  return [field.name, ...firstPart(field.type)];
}

function firstPart(type: string): string[] {
  return partsOf(type)
    .slice(0, 1)
    .map((part) => part.name);
}

/** Return the order after a click on a column's head: ascending, descending, none; with `add` beside the other keys. */
export function nextOrder(keys: readonly Key[], path: readonly string[], add: boolean): Key[] {
  const same = (key: Key) => key.path.join(".") === path.join(".");
  const present = keys.find(same);
  const others = add ? keys : keys.filter(same);
  if (!present) return [...(add ? keys : []), { path, descending: false }];
  if (present.descending) return others.filter((key) => !same(key));
  return others.map((key) => (same(key) ? { ...key, descending: true } : key));
}

/** Return the keys whose first field is one of the object's: an address may name a field that is gone. */
export function knownKeys(keys: readonly Key[], object: ObjectModel): Key[] {
  return keys.filter((key) => object.fields.some((field) => field.name === key.path[0]));
}
