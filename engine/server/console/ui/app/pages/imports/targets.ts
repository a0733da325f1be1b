// The places of an object that a file's column can go to, by the names of REST's CSV.

import type { Job } from "../../api/imports.ts";
import { inputName, isToMany, type ObjectModel } from "../../api/model.ts";
import { partsOf } from "../../fields/parts.ts";
import { toOne } from "../../fields/types/relation.ts";

export type Target = { name: string; label: string };

const NOT_GIVEN = ["updatedAt", "deletedAt"];

/**
 * Return the fields that an import may give: a part of a composite as a path, a relation by its key or a unique text, or
 * by another unique field that is one of `named`, the fields of a job's columns.
 */
export function targetsOf(object: ObjectModel, named: readonly (string | null)[] = []): Target[] {
  return object.fields.flatMap((field): Target[] => {
    if (isToMany(field) || NOT_GIVEN.includes(field.name) || field.type === "TS_VECTOR") return [];
    if (field.relation) {
      const { holdsKey, target } = field.relation;
      const keys = (target.keys ?? []).map((key) => ({
        name: `${field.name}.${key.name}`,
        label: `${field.label} › ${key.label}`,
      }));
      const paths = new Set(named.flatMap((name) => (name?.startsWith(`${field.name}.`) ? [name] : [])));
      for (const { name } of keys) paths.delete(name);
      const others = [...paths].map((name) => ({
        name,
        label: `${field.label} › ${name.slice(field.name.length + 1)}`,
      }));
      return holdsKey ? [{ name: `${field.name}Id`, label: `${field.label} (id)` }, ...keys, ...others] : [];
    }
    const parts = partsOf(field.type);
    if (parts.length === 0) return [{ name: field.name, label: field.label }];
    return parts.map((part) => ({ name: `${field.name}.${part.name}`, label: `${field.label} › ${part.label}` }));
  });
}

/**
 * Return a hint for a column that goes to the key of a relation, and whose first values are no ids: the unique texts by
 * which a file can name the records. Null for any other column.
 */
export function hintOf(object: ObjectModel, name: string | null | undefined, values: readonly string[]): string | null {
  const relation = object.fields.find((field) => field.relation?.holdsKey && inputName(field) === name);
  const given = values.filter((value) => value !== "");
  if (!relation?.relation || given.length === 0 || given.some((value) => "value" in toOne.parse(value, relation)))
    return null;
  const { labelPlural, keys = [] } = relation.relation.target;
  if (keys.length === 0)
    return `These are no ids. A file can name ${labelPlural} by a text that is unique, which the data model says of a field.`;
  return `These are no ids. A file can name ${labelPlural} by ${keys.map(({ label }) => `${relation.label} › ${label}`).join(" or ")}.`;
}

/** Return the unique fields by which a row finds the record that is there already. */
export function conflictKeys(object: ObjectModel): string[] {
  const unique = object.fields.filter((field) => field.isUnique && !field.relation && partsOf(field.type).length === 0);
  return [...new Set([...unique.map((field) => field.name), "id"])];
}

/** Return the field for each column as the server suggests it; a column without one is left out. */
export function initialMapping(job: Job): Record<string, string | null> {
  return Object.fromEntries((job.columns ?? []).map((column) => [column, job.suggested?.[column] ?? null]));
}
