// A condition in words: "Company › Employees ≥ 100".

import { exactText, isObject } from "../api/exact_json.ts";
import { type Field, inputName, isToOne } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import type { NameOf, Wanted } from "../fields/record_name.tsx";
import { formatValue } from "../fields/registry.ts";
import { GONE, isGone, isRawGone } from "./gone.ts";
import { findOperator } from "./operators.ts";
import { zoneOf } from "./periods.ts";
import type { Condition, Group, Node } from "./tree.ts";

/** Return the fields of the object that a relation of this path leads to; undefined while they are not known. */
export type FieldsAt = (path: readonly string[]) => readonly Field[] | undefined;

export type Found = {
  labels: readonly string[];
  field: Field | null;
  /** The relation whose key the path names, or the id of whose record. */
  relation: Field | null;
};

/** Return the labels along a path, and the field at its end: a part of a composite is a field of the part's type. */
export function findPath(path: readonly string[], fieldsAt: FieldsAt): Found {
  const labels: string[] = [];
  let field: Field | null = null;
  for (const [index, name] of path.entries()) {
    field = findPart(field, name) ?? findField(fieldsAt(path.slice(0, index)), name);
    labels.push(field?.label ?? name);
  }
  return { labels, field, relation: findRelation(path, fieldsAt) };
}

function isKey(field: Field, name: string): boolean {
  return field.relation?.holdsKey === true && inputName(field) === name;
}

function findRelation(path: readonly string[], fieldsAt: FieldsAt): Field | null {
  const name = path.at(-1) ?? "";
  const key = fieldsAt(path.slice(0, -1))?.find((one) => isKey(one, name));
  if (key || name !== "id") return key ?? null;
  return fieldsAt(path.slice(0, -2))?.find((one) => one.name === path.at(-2) && isToOne(one)) ?? null;
}

/** Return the records that a condition, or those of a group, compare the keys of relations with. */
export function findRelated(node: Node, fieldsAt: FieldsAt): Wanted[] {
  return conditionsIn(node).flatMap(({ path, value }) => {
    const target = findRelation(path, fieldsAt)?.relation?.target;
    return target === undefined ? [] : idsIn(value).map((id) => ({ target, id }));
  });
}

/** The relations of a path whose objects are read: see `useFieldsAt`. */
const MOST_HOPS = 3;

/** Return true while an object on the way of a condition is not known, though its relation is. */
export function isLacking(node: Node, fieldsAt: FieldsAt): boolean {
  return conditionsIn(node).some(({ path }) =>
    path.slice(0, MOST_HOPS).some((name, at) => {
      const isRelation = fieldsAt(path.slice(0, at))?.some((one) => one.name === name && one.relation !== null);
      return isRelation === true && fieldsAt(path.slice(0, at + 1)) === undefined;
    }),
  );
}

function conditionsIn(node: Node, before: readonly string[] = []): Pick<Condition, "path" | "value">[] {
  switch (node.kind) {
    case "condition":
      return [{ path: [...before, ...node.path], value: node.value }];
    case "related":
      return conditionsIn(node.of, [...before, ...node.path]);
    case "group":
      return node.children.flatMap((child) => conditionsIn(child, before));
    case "raw":
      return [];
  }
}

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

// A value may be one of the principal, or a word of NULL.
function idsIn(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === "string" && ID.test(one),
  );
}

function findPart(field: Field | null, name: string): Field | null {
  const part = field === null ? undefined : partsOf(field.type).find((one) => one.name === name);
  return field && part ? { ...field, name, label: part.label, type: part.type } : null;
}

// The key of a relation is filtered as the id that it is.
function findField(fields: readonly Field[] | undefined, name: string): Field | null {
  const found = fields?.find((one) => one.name === name || isKey(one, name));
  if (found === undefined || found.name === name) return found ?? null;
  return { ...found, name, type: "UUID", relation: null };
}

/** Return a condition as a person says it; without `nameOf` related records have their ids. */
export function describe(node: Node, fieldsAt: FieldsAt, nameOf: NameOf = (_target, id) => id): string {
  switch (node.kind) {
    case "condition": {
      const { labels, field, relation } = findPath(node.path, fieldsAt);
      const target = relation?.relation?.target;
      const show = (value: unknown) => {
        const [id] = idsIn(value);
        return target !== undefined && id !== undefined ? nameOf(target, id) : shown(value, field);
      };
      return `${labels.join(" › ")}${goneWords(node.path, fieldsAt)} ${describeOperator(node.operator, node.value, show)}`;
    }
    case "raw":
      return `${node.key}${isRawGone(node, fieldsAt) ? GONE : ""} ${JSON.stringify(node.value)}`;
    case "related": {
      const { labels } = findPath(node.path, fieldsAt);
      const inner = describeGroup(node.of, (path) => fieldsAt([...node.path, ...path]), nameOf);
      const names = `${labels.join(" › ")}${goneWords(node.path, fieldsAt)}`;
      if (node.quantifier === "one") return `${names}: ${inner}`;
      if (inner === "") return node.quantifier === "none" ? `no ${names}` : `any ${names}`;
      return `${node.quantifier} ${names}: ${inner}`;
    }
    case "group":
      return describeGroup(node, fieldsAt, nameOf);
  }
}

function goneWords(path: readonly string[], fieldsAt: FieldsAt): string {
  return isGone(path, fieldsAt) ? GONE : "";
}

function describeGroup(node: Group, fieldsAt: FieldsAt, nameOf: NameOf): string {
  const words = node.children.map((child) =>
    node.children.length > 1 && child.kind === "group" && child.children.length > 1 && !child.negated
      ? `(${describe(child, fieldsAt, nameOf)})`
      : describe(child, fieldsAt, nameOf),
  );
  const joined = words.filter((text) => text !== "").join(` ${node.mode} `);
  return node.negated ? `not (${joined})` : joined;
}

type Show = (value: unknown) => string;

function describeOperator(name: string, value: unknown, show: Show): string {
  const operator = findOperator(name);
  if (operator?.operand === "null") {
    const isNull = (value === "NULL" || value === null) === (name === "is");
    return isNull ? "has no value" : "has a value";
  }
  if (operator?.operand === "flag") return value === false ? `not: ${operator.words}` : operator.words;
  return `${operator?.words ?? name} ${describeValue(value, operator?.operand, show)}`;
}

function describeValue(value: unknown, operand: string | undefined, show: Show): string {
  if (operand === "period" && isObject(value)) {
    const unit = exactText(value.unit ?? "").toLowerCase();
    const zone = zoneOf(value);
    const end = zone === null ? "" : ` in ${zone}`;
    if (value.this === true) return `this ${unit}${end}`;
    const [which, count] = value.last === undefined ? ["next", value.next] : ["last", value.last];
    return `the ${which} ${exactText(count)} ${unit}s${end}`;
  }
  if (operand === "pair" && Array.isArray(value)) return value.map(show).join(" and ");
  if (Array.isArray(value) && operand !== "json") return value.map(show).join(", ") || "nothing";
  return show(value);
}

function shown(value: unknown, field: Field | null): string {
  if (value === "") return '""';
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  if (field === null) return value === null ? "NULL" : String(value);
  // An option of a list is compared alone.
  return formatValue(
    value,
    field.type === "MULTI_SELECT"
      ? { ...field, type: "SELECT" }
      : field.type === "ARRAY"
        ? { ...field, type: "TEXT" }
        : field,
  );
}
