// The part of the model that records need: an object, its fields, and the label of the records that a relation leads to.

import { isObject } from "./exact_json.ts";

export type Option = { value: string; label: string; color?: string | null; position?: number };

export type RelationType = "MANY_TO_ONE" | "ONE_TO_ONE" | "ONE_TO_MANY" | "MANY_TO_MANY";

export type TargetObject = {
  id: string;
  nameSingular: string;
  namePlural: string;
  labelSingular: string;
  labelPlural: string;
  labels: readonly LabelField[];
  /** A further text of a record, which tells it from another one of the same name. */
  detail?: LabelField;
  /** The unique texts of a record, by which a file can name it. */
  keys?: readonly { name: string; label: string }[];
  /** The role may read the records, and may not count them. */
  isUncounted?: boolean;
};

/** A field that names a record; a relation names it by the fields that name the record behind it. */
export type LabelField = { name: string; type: string; labels?: readonly LabelField[] };

export type Relation = {
  type: RelationType;
  target: TargetObject;
  targetField: string;
  /** The other end cannot be without a record. */
  isTargetRequired?: boolean;
};

export type Field = {
  id: string;
  name: string;
  label: string;
  type: string;
  description: string | null;
  isSystem: boolean;
  isNullable: boolean;
  isUnique: boolean;
  options: readonly Option[];
  settings: Readonly<Record<string, unknown>>;
  /** The object holds the key of the relation: the field leads to one record and can be set here. */
  relation: (Relation & { holdsKey: boolean }) | null;
  /** The writes in which the role may give the field; without them the server alone decides. */
  given?: Readonly<Record<FieldWrite, boolean>>;
};

export type FieldWrite = "create" | "update";

export type ObjectModel = {
  id: string;
  nameSingular: string;
  namePlural: string;
  labelSingular: string;
  labelPlural: string;
  description: string | null;
  fields: readonly Field[];
  labels: readonly LabelField[];
  /** The ids of the fields that are unique together, of each index. */
  uniqueFields?: readonly (readonly string[])[];
  /** The role may read the records, and may not count them. */
  isUncounted?: boolean;
};

const LABEL_NAMES = [["name"], ["firstName", "lastName"], ["title"], ["email"]];
const LABEL_TYPES = ["TEXT", "FULL_NAME", "EMAILS", "LINKS"];
/** The relations that name a record without a text: a junction has two, one of several objects at an end has more. */
const MOST_RELATIONS = 6;

/**
 * Return the fields that name a record: `name`, both names, `title`, `email`, or else the first text; at most two. A
 * record without a text is named by the records that it leads to.
 */
export function labelsOf(fields: readonly LabelField[]): readonly LabelField[] {
  const texts = fields.filter((field) => LABEL_TYPES.includes(field.type)).map(({ name, type }) => ({ name, type }));
  for (const names of LABEL_NAMES) {
    const found = texts.filter((field) => names.includes(field.name));
    if (found.length > 0) return found;
  }
  if (texts.length > 0) return texts.slice(0, 1);
  return fields.filter(({ labels = [] }) => labels.length > 0).slice(0, MOST_RELATIONS);
}

export function isToOne(field: Field): boolean {
  return field.relation?.type === "MANY_TO_ONE" || field.relation?.type === "ONE_TO_ONE";
}

/** Return the other fields of a relation to one of several objects: giving one of them empties these. */
export function otherEnds(field: Field, fields: readonly Field[]): readonly Field[] {
  const id = morphOf(field);
  return id === null ? [] : fields.filter((one) => one.id !== field.id && morphOf(one) === id);
}

function morphOf({ settings }: Field): unknown {
  return isObject(settings.morph) ? settings.morph.id : null;
}

/** Return the name by which an input gives a field: the key of a relation. */
export function inputName(field: Field): string {
  return field.relation ? `${field.name}Id` : field.name;
}

/** Return true if the role reads the field that tells the deleted records of an object from the others. */
export function hasTrash({ fields }: Pick<ObjectModel, "fields">): boolean {
  return fields.some(({ name }) => name === "deletedAt");
}

export function isToMany(field: Field): boolean {
  return field.relation !== null && !isToOne(field);
}

/**
 * Return the relation by which the records of an object that links two others lead on from `near`, which leads to one of
 * them; null for any other object. Both are required and unique together, and a link goes with either of its records.
 */
export function farEnd(
  { fields, uniqueFields = [] }: Pick<ObjectModel, "fields" | "uniqueFields">,
  near: string,
): Field | null {
  const ends = fields.filter(({ isNullable, settings }) => !isNullable && settings.onDelete === "CASCADE");
  const own = ends.find(({ name }) => name === near);
  const isPair = (ids: readonly string[], other: Field) =>
    own !== undefined && ids.length === 2 && ids.includes(own.id) && ids.includes(other.id);
  return ends.find((other) => other !== own && uniqueFields.some((ids) => isPair(ids, other))) ?? null;
}

export function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export type RecordRow = Readonly<Record<string, unknown>> & {
  readonly id: string;
  /** The version of the record, if the role reads it. */
  readonly updatedAt?: string;
};
