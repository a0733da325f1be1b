// The ways in which a role may do something, as a form has them, and back to the JSON of a grant.

import { isObject } from "../../api/exact_json.ts";
import type { Filter } from "../../filter/tree.ts";
import type { Action } from "./grants.ts";

export interface FieldList {
  /** All fields, these alone, or all but these. */
  mode: "all" | "only" | "allBut";
  names: readonly string[];
}

export interface Way {
  /** Tells ways apart while they are edited. */
  key: number;
  rule: Filter;
  fields: FieldList;
  /** Absent: an update's result fulfils the rule, a create is not checked. Empty: nothing is checked. */
  check: Filter | undefined;
  preset: Readonly<Record<string, unknown>>;
}

export type WayMember = "rule" | "fields" | "check" | "preset";

/** The members of a way by its action, as the API has them. */
export const WAY_MEMBERS: Readonly<Record<Action, readonly WayMember[]>> = {
  read: ["rule", "fields"],
  create: ["fields", "preset", "check"],
  update: ["rule", "fields", "check", "preset"],
  delete: ["rule"],
  restore: ["rule"],
  destroy: ["rule"],
};

let made = 0;

/** A way without any restriction. */
export function newWay(): Way {
  made += 1;
  return { key: made, rule: {}, fields: { mode: "all", names: [] }, check: undefined, preset: {} };
}

/** Return the ways that a grant has for an action: one or a list, none for null. */
export function readWays(given: unknown): Way[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.filter(isObject).map(({ rule, fields, check, preset }) => ({
    ...newWay(),
    rule: isObject(rule) ? rule : {},
    fields: readFields(fields),
    check: isObject(check) ? check : undefined,
    preset: isObject(preset) ? preset : {},
  }));
}

function readFields(given: unknown): FieldList {
  const fields = isObject(given) ? given : {};
  for (const mode of ["only", "allBut"] as const) {
    const names = fields[mode];
    if (Array.isArray(names)) return { mode, names: names.map(String) };
  }
  return { mode: "all", names: [] };
}

/** Return the JSON of ways: one stands alone, none is null. */
export function writeWays(ways: readonly Way[]): unknown {
  const written = ways.map(({ rule, fields, check, preset }) => ({
    ...(Object.keys(rule).length > 0 && { rule }),
    ...(fields.mode !== "all" && { fields: { [fields.mode]: fields.names } }),
    ...(check !== undefined && { check }),
    ...(Object.keys(preset).length > 0 && { preset }),
  }));
  return written.length > 1 ? written : (written[0] ?? null);
}

/** Return whether a list of fields names one: the key of a relation is named as the relation or as its key. */
export function namesField({ names }: FieldList, field: string): boolean {
  return names.includes(field) || names.includes(`${field}Id`);
}

/** Return a list of fields with one added or taken out. */
export function withField(list: FieldList, field: string, isNamed: boolean): FieldList {
  const others = list.names.filter((name) => name !== field && name !== `${field}Id`);
  return { ...list, names: isNamed ? [...others, field] : others };
}
