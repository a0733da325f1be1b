import { exactText, isObject } from "../../api/exact_json.ts";
import type { LabelField } from "../../api/model.ts";
import type { FieldType } from "../field_type.ts";
import { uuid } from "./uuid.ts";

/** Return the label of a record by the fields that name it; its id if they are empty. */
export function recordLabel(
  record: unknown,
  labels: readonly LabelField[],
  format: (value: unknown, type: string) => string,
): string {
  if (!isObject(record)) return "";
  const texts = labels.map((field) => {
    const value = record[field.name];
    return value === null || value === undefined ? "" : format(value, field.type);
  });
  return texts.filter((text) => text !== "").join(" ") || String(record.id ?? "");
}

/** A relation to one record: its text in the API is the id. */
export const toOne: FieldType = {
  operators: "none",
  cell: "relation",
  editor: "relation",
  shown: true,
  format: (value) => (isObject(value) ? String(value.id ?? "") : String(value)),
  toText: (value) => (isObject(value) ? String(value.id ?? "") : String(value)),
  parse: uuid.parse,
};

/** A relation to many records: a grid shows their number. */
export const toMany: FieldType = {
  operators: "none",
  cell: "count",
  editor: null,
  shown: false,
  format: (value) => (isObject(value) ? exactText(value.totalCount ?? "") : ""),
  toText: (value) => (isObject(value) ? exactText(value.totalCount ?? "") : ""),
  parse: () => ({ problem: "Records are connected at their own end of the relation." }),
};
