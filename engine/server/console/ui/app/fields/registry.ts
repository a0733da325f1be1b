// The field types that the console knows; a new type is one entry. Any other type is shown as JSON.

import { type Field, type FieldWrite, isToMany, isToOne, type LabelField } from "../api/model.ts";
import type { FieldLike, FieldType, Parsed } from "./field_type.ts";
import { boolean } from "./types/boolean.ts";
import * as composite from "./types/composite.ts";
import { date } from "./types/date.ts";
import { dateTime } from "./types/date_time.ts";
import * as json from "./types/json.ts";
import { number, position } from "./types/number.ts";
import { recordLabel, toMany, toOne } from "./types/relation.ts";
import { multiSelect, select } from "./types/select.ts";
import { text } from "./types/text.ts";
import { uuid } from "./types/uuid.ts";

const TYPES: Readonly<Record<string, FieldType>> = {
  UUID: uuid,
  TEXT: text,
  NUMBER: number,
  NUMERIC: number,
  POSITION: position,
  BOOLEAN: boolean,
  DATE: date,
  DATE_TIME: dateTime,
  SELECT: select,
  RATING: select,
  MULTI_SELECT: multiSelect,
  ARRAY: json.array,
  RAW_JSON: json.json,
  TS_VECTOR: json.searchVector,
  FULL_NAME: composite.fullName,
  EMAILS: composite.emails,
  PHONES: composite.phones,
  LINKS: composite.links,
  CURRENCY: composite.currency,
  MICROS: composite.micros,
  ADDRESS: composite.address,
  ACTOR: composite.actor,
  RICH_TEXT: composite.richText,
};

export const NULL_TEXT = "—";
export const EMPTY_TEXT = "empty";

const WRITTEN_BY_THE_SERVER = ["id", "createdAt", "updatedAt", "deletedAt", "createdBy"];

export function typeOf(field: FieldLike): FieldType {
  if (field.relation) return isToOne(field as Field) ? toOne : isToMany(field as Field) ? toMany : json.unknown;
  return TYPES[field.type] ?? json.unknown;
}

export function isKnown(type: string): boolean {
  return type in TYPES;
}

/** Return true if some role may give the field in an update. */
export function isEditable(field: Field): boolean {
  if (field.isSystem && WRITTEN_BY_THE_SERVER.includes(field.name)) return false;
  if (field.relation) return field.relation.holdsKey;
  return typeOf(field).editor !== null;
}

/** Return why the role cannot give the field in a write; null if it may. */
export function refusalOf(field: Field, write: FieldWrite): string | null {
  if (!isEditable(field)) return `${field.label} cannot be changed.`;
  return field.given?.[write] === false ? `Your role does not write ${field.label}.` : null;
}

/** Return true if the role may give the field in a write. */
export function mayGive(field: Field, write: FieldWrite): boolean {
  return refusalOf(field, write) === null;
}

/** Return true if other roles may change the field, and this one reads it alone. */
export function isLocked(field: Field): boolean {
  return isEditable(field) && !mayGive(field, "update");
}

/** Return the text of a value as a person reads it: a dash for NULL, a word for an empty text. */
export function formatValue(value: unknown, field: FieldLike): string {
  if (value === null || value === undefined) return NULL_TEXT;
  if (isEmpty(value)) return EMPTY_TEXT;
  if (field.relation && isToOne(field as Field)) return labelOf(value, field.relation.target.labels);
  return typeOf(field).format(value, field) || NULL_TEXT;
}

/** Return true for an empty text and an empty list, which are values: NULL is none. */
export function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

/** Return the label of a record by the fields that name it. */
export function labelOf(record: unknown, labels: readonly LabelField[]): string {
  return recordLabel(record, labels, (value, type) =>
    typeOf({ type, options: [], settings: {}, relation: null }).format(value, NO_FIELD),
  );
}

const NO_FIELD: FieldLike = { type: "TEXT", options: [], settings: {}, relation: null };

/** Return the text of a value in the API's form; NULL is the empty text. */
export function copyText(value: unknown, field: FieldLike): string {
  return value === null || value === undefined ? "" : typeOf(field).toText(value, field);
}

/** Return the value of a text from an editor or the clipboard; an empty text is NULL. */
export function parseText(text: string, field: FieldLike): Parsed {
  return text === "" ? { value: null } : typeOf(field).parse(text, field);
}
