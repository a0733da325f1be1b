// The columns of a list: which fields are shown, in which order and how wide. Fields are named by id, so that a rename keeps
// its column, and a field that is gone leaves.

import type { Field, ObjectModel } from "../api/model.ts";
import { typeOf } from "../fields/registry.ts";

export type Column = { fieldId: string; width: number; visible: boolean };

export const MINIMUM_WIDTH = 60;
const MAXIMUM_WIDTH = 800;
const MANY = 30;

const WIDTHS: Readonly<Record<string, number>> = {
  text: 180,
  number: 120,
  check: 90,
  option: 130,
  options: 180,
  link: 210,
  relation: 170,
  count: 110,
  code: 220,
};

/** Return the columns of a list without a view: the label first, then the object's own fields, the system's last. */
export function defaultColumns(object: ObjectModel): Column[] {
  const names = object.labels.map((label) => label.name);
  const labels = names.flatMap((name) => object.fields.filter((field) => field.name === name));
  const rest = object.fields.filter((field) => !names.includes(field.name));
  return [...labels, ...rest].map((field, index) => newColumn(field, index < MANY && isShownAtFirst(field)));
}

function isShownAtFirst(field: Field): boolean {
  if (field.isSystem) return field.name === "createdAt";
  return typeOf(field).shown;
}

function newColumn(field: Field, visible: boolean): Column {
  return { fieldId: field.id, width: WIDTHS[typeOf(field).cell] ?? 160, visible };
}

/** Return a view's columns as the model has them now: fields that are gone have left, new ones are hidden at the end. */
export function reconcile(columns: readonly Column[], object: ObjectModel): Column[] {
  const ids = new Set(object.fields.map((field) => field.id));
  const kept = columns.filter((column) => ids.has(column.fieldId));
  const known = new Set(kept.map((column) => column.fieldId));
  return [
    ...kept,
    ...defaultColumns(object)
      .filter((column) => !known.has(column.fieldId))
      .map(hide),
  ];
}

function hide(column: Column): Column {
  return { ...column, visible: false };
}

/** Return the fields of the visible columns in their order, each with its width. */
export function shownFields(columns: readonly Column[], object: ObjectModel): { field: Field; width: number }[] {
  return columns.flatMap((column) => {
    const field = object.fields.find((one) => one.id === column.fieldId);
    return column.visible && field ? [{ field, width: column.width }] : [];
  });
}

export function toggle(columns: readonly Column[], fieldId: string): Column[] {
  return columns.map((column) => (column.fieldId === fieldId ? { ...column, visible: !column.visible } : column));
}

export function resize(columns: readonly Column[], fieldId: string, width: number): Column[] {
  const kept = Math.max(MINIMUM_WIDTH, Math.min(MAXIMUM_WIDTH, Math.round(width)));
  return columns.map((column) => (column.fieldId === fieldId ? { ...column, width: kept } : column));
}

/** Return the columns with one moved by `step` places among the visible ones. */
export function move(columns: readonly Column[], fieldId: string, step: number): Column[] {
  const from = columns.findIndex((column) => column.fieldId === fieldId);
  const moved = columns[from];
  if (!moved) return [...columns];
  let to = from;
  for (let left = Math.abs(step); left > 0; left--) {
    let next = to + Math.sign(step);
    while (columns[next] && !columns[next]?.visible) next += Math.sign(step);
    if (!columns[next]) break;
    to = next;
  }
  const rest = columns.filter((column) => column !== moved);
  return [...rest.slice(0, to), moved, ...rest.slice(to)];
}
