// A board: the records of an object in columns by the options of a field, with one for those that have no value.

import { type Field, type ObjectModel, upperFirst } from "../../api/model.ts";
import { optionsOf } from "../../fields/types/select.ts";
import { bothOf } from "../../filter/search.ts";
import type { Filter } from "../../filter/tree.ts";

export interface BoardColumn {
  /** Null for the records without a value. */
  value: string | null;
  label: string;
  color: string;
}

/** Cards of a column that are read at once. */
export const CARDS = 50;

/** The fields that a board can have its columns by. */
export function boardFields(object: ObjectModel): Field[] {
  return object.fields.filter(({ type, isSystem }) => type === "SELECT" && !isSystem);
}

/** The number whose sum each column shows: the first of the object's own; null where it has none. */
export function summedField(object: ObjectModel): Field | null {
  return object.fields.find(({ type, isSystem }) => type === "NUMBER" && !isSystem) ?? null;
}

/** The columns in the order of the options; the one without a value only where a record may have none. */
export function columnsOf(field: Field): BoardColumn[] {
  const options = optionsOf(field).map(({ value, label, color }) => ({ value, label, color: color ?? "gray" }));
  return field.isNullable ? [...options, { value: null, label: "No value", color: "gray" }] : options;
}

/** The filter of a column's records. */
export function filterOf(field: Field, { value }: BoardColumn, filter: Filter): Filter {
  return bothOf(filter, { [field.name]: value === null ? { is: "NULL" } : { eq: value } });
}

/** The document that counts the records of each column, and adds up a number of theirs. */
export function totalsDocument(object: ObjectModel, field: Field, summed: Field | null): string {
  const type = upperFirst(object.nameSingular);
  const sum = summed === null ? "" : ` sum { ${summed.name} }`;
  return (
    `query ConsoleBoard($filter: ${type}FilterInput) {\n` +
    `  ${object.namePlural}GroupBy(groupBy: [{ ${field.name}: true }], filter: $filter) {\n` +
    `    key { ${field.name} } count${sum}\n  }\n}\n`
  );
}
