import { exactText, isObject } from "../../api/exact_json.ts";
import type { LabelField } from "../../api/model.ts";
import type { FieldType } from "../field_type.ts";
import { uuid } from "./uuid.ts";

type Format = (value: unknown, type: string) => string;

/** Return the label of a record by the fields that name it; its id if they are empty. */
export function recordLabel(record: unknown, labels: readonly LabelField[], format: Format): string {
  return isObject(record) ? named(record, labels, format) || String(record.id ?? "") : "";
}

// A record without a text is named by both of its sides: "Ada Lovelace · Orion".
function named(record: Readonly<Record<string, unknown>>, labels: readonly LabelField[], format: Format): string {
  const texts = labels.map((field) => {
    const value = record[field.name];
    if (field.labels) return isObject(value) ? named(value, field.labels, format) : "";
    return value === null || value === undefined ? "" : format(value, field.type);
  });
  const said = texts.filter((text) => text !== "");
  return labels.some((field) => field.labels) ? said.slice(0, 2).join(" · ") : said.join(" ");
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
  parse: () => ({ problem: "Records are linked on the page of the record that has several of them." }),
};
