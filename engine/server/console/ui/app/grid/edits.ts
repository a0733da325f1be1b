// The data of an update: the changed fields alone, and of a composite its changed parts alone.

import { isObject, sameJson } from "../api/exact_json.ts";
import { type Field, isToOne, otherEnds, type RecordRow } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import type { Change } from "./undo.ts";
import type { CellEdit } from "./use_edits.ts";

export type Data = Readonly<Record<string, unknown>>;

/** Return the value of a field in a record as an editor has it: the id of a relation's record, else the value. */
export function readValue(record: RecordRow | Data, field: Field): unknown {
  if (isToOne(field) && field.relation?.holdsKey) return record[`${field.name}Id`] ?? null;
  return record[field.name] ?? null;
}

/**
 * Return the data that gives `field` the value `next`, and the data that gives it the value before; null if it is the same.
 * `fields` are those of the record: a relation that empties another one has that one's key as the value before.
 */
export function buildChange(
  record: RecordRow,
  field: Field,
  next: unknown,
  fields: readonly Field[] = [],
): { before: Data; after: Data } | null {
  const before = readValue(record, field);
  if (isToOne(field)) {
    if (before === next) return null;
    const key = `${field.name}Id`;
    const emptied = otherEnds(field, fields).find((other) => readValue(record, other) !== null);
    const back = emptied ? { [`${emptied.name}Id`]: readValue(record, emptied) } : { [key]: before };
    return { before: back, after: { [key]: next } };
  }
  const parts = partsOf(field.type);
  if (parts.length > 0)
    return buildParts(
      before,
      field,
      next,
      parts.map((part) => part.name),
    );
  if (sameJson(before, next)) return null;
  return { before: { [field.name]: before }, after: { [field.name]: next } };
}

function buildParts(
  before: unknown,
  field: Field,
  next: unknown,
  names: readonly string[],
): ReturnType<typeof buildChange> {
  const old = isObject(before) ? before : {};
  const given = isObject(next) ? next : Object.fromEntries(names.map((name) => [name, null]));
  const changed = Object.keys(given).filter((name) => !sameJson(old[name] ?? null, given[name] ?? null));
  if (changed.length === 0) return null;
  const pick = (from: Data) => ({
    [field.name]: Object.fromEntries(changed.map((name) => [name, from[name] ?? null])),
  });
  return { before: pick(old), after: pick(given) };
}

/** Return two data of one record as one; the parts of a composite are put together. */
export function mergeData(one: Data, other: Data): Data {
  const merged: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const present = merged[name];
    merged[name] = isObject(present) && isObject(value) ? { ...present, ...value } : value;
  }
  return merged;
}

/** Return the changes of a gesture: those of one record are one update. `fields` are those of the records. */
export function changesOf(edits: readonly CellEdit[], fields: readonly Field[]): Change[] {
  const changes = new Map<string, Change>();
  for (const { record, field, value } of edits) {
    const change = buildChange(record, field, value, fields);
    if (change === null) continue;
    const present = changes.get(record.id);
    changes.set(record.id, {
      id: record.id,
      updatedAt: record.updatedAt,
      before: mergeData(present?.before ?? {}, change.before),
      after: mergeData(present?.after ?? {}, change.after),
    });
  }
  return [...changes.values()];
}

/** Return the names of the fields that differ between two states of a record. */
export function changedFields(before: RecordRow, after: RecordRow, fields: readonly Field[]): Field[] {
  return fields.filter((field) => !sameJson(before[field.name] ?? null, after[field.name] ?? null));
}
