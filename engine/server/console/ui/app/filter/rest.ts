// A filter and an order as the addresses of REST spell them: docs/reference/rest.md.

import { exactText, isObject } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import type { Key } from "../grid/order.ts";
import { isOperator } from "./operators.ts";
import type { Filter } from "./tree.ts";

const QUANTIFIERS = ["some", "none", "every"];

/** A form of a file of records, as its address ends. */
export type FileForm = "csv" | "jsonl";

/** Return the address of the file with a list's records; null if REST has no spelling for its filter. */
export function exportAddress(
  plural: string,
  filter: Filter,
  order: readonly Key[],
  fields: readonly Field[],
  form: FileForm = "csv",
): string | null {
  const conditions = printLevel(filter, "");
  if (conditions === null) return null;
  const parameters = new URLSearchParams();
  if (conditions.length > 0) parameters.set("filter", conditions.join(","));
  const keys = order.map((key) => `${key.path.join(".")}[${key.descending ? "DescNullsLast" : "AscNullsLast"}]`);
  if (keys.length > 0) parameters.set("order_by", keys.join(","));
  const columns = fields.flatMap(columnsOf);
  if (columns.length > 0) parameters.set("columns", columns.join(","));
  const query = parameters.toString();
  return `/rest/${plural}.${form}${query === "" ? "" : `?${query}`}`;
}

// A file has the key of a relation, the parts of a composite, and no relation to many.
function columnsOf(field: Field): string[] {
  if (field.relation) return field.relation.holdsKey ? [`${field.name}Id`] : [];
  const parts = partsOf(field.type);
  return parts.length === 0 ? [field.name] : parts.map((part) => `${field.name}.${part.name}`);
}

// The path before a condition stands in it, so a group on a related record's fields is a group of paths.
function printLevel(filter: Filter, path: string): string[] | null {
  const printed = Object.entries(filter).map(([key, value]) => printEntry(key, value, path));
  return printed.some((part) => part === null) ? null : printed.flatMap((part) => part ?? []);
}

function printEntry(key: string, value: unknown, path: string): string[] | null {
  if ((key === "and" || key === "or") && Array.isArray(value)) return printGroup(key, value, path);
  if (!isObject(value)) return null;
  if (key === "not") {
    const inner = printLevel(value, path);
    return inner && [`not(${inner.join(",")})`];
  }
  // The conditions on one related record must hold for the same one; an aggregate with a filter has no spelling.
  if (key.endsWith("Aggregate") && "filter" in value) return null;
  const here = `${path}${key}`;
  if (QUANTIFIERS.includes(key) && Object.keys(value).length === 0) {
    return key === "every" ? [] : [`${path.slice(0, -1)}[isEmpty]:${key === "none"}`];
  }
  if (QUANTIFIERS.includes(key) && Object.keys(value).length > 1) return null;
  const names = Object.keys(value);
  if (names.length > 0 && names.every(isOperator))
    return names.map((name) => `${here}[${name}]:${printValue(name, value[name])}`);
  return printLevel(value, `${here}.`);
}

function printGroup(key: string, items: readonly unknown[], path: string): string[] | null {
  const printed = items.map((item) => (isObject(item) ? printLevel(item, path) : null));
  if (printed.some((part) => part === null)) return null;
  const parts = printed.flatMap((part) =>
    part === null || part.length === 0 ? [] : [part.length === 1 ? part[0] : `and(${part.join(",")})`],
  );
  return parts.length === 0 ? [] : [`${key}(${parts.join(",")})`];
}

function printValue(operator: string, value: unknown): string {
  if (operator === "is" || operator === "isNot") return value === null ? "NULL" : exactText(value);
  if (Array.isArray(value)) return `[${value.map(printOne).join(",")}]`;
  return printOne(value);
}

function printOne(value: unknown): string {
  if (typeof value === "string") return `"${value.replace(/[\\"]/g, "\\$&")}"`;
  return JSON.stringify(value);
}
