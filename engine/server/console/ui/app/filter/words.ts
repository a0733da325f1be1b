// A condition in words: "Company › Employees ≥ 100".

import { isObject } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import { formatValue } from "../fields/registry.ts";
import { findOperator } from "./operators.ts";
import type { Group, Node } from "./tree.ts";

/** Return the fields of the object that a relation of this path leads to; undefined while they are not known. */
export type FieldsAt = (path: readonly string[]) => readonly Field[] | undefined;

export type Found = {
  labels: readonly string[];
  field: Field | null;
  /** The relation whose key the path names. */
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
  const name = path.at(-1) ?? "";
  const fields = fieldsAt(path.slice(0, -1)) ?? [];
  const relation = fields.find((one) => one.relation?.holdsKey && `${one.name}Id` === name) ?? null;
  return { labels, field, relation };
}

function findPart(field: Field | null, name: string): Field | null {
  const part = field === null ? undefined : partsOf(field.type).find((one) => one.name === name);
  return field && part ? { ...field, name, label: part.label, type: part.type } : null;
}

// The key of a relation is filtered as the id that it is.
function findField(fields: readonly Field[] | undefined, name: string): Field | null {
  const found = fields?.find((one) => one.name === name || (one.relation?.holdsKey && `${one.name}Id` === name));
  if (found === undefined || found.name === name) return found ?? null;
  return { ...found, name, type: "UUID", relation: null };
}

/** Return a condition as a person says it. */
export function describe(node: Node, fieldsAt: FieldsAt): string {
  switch (node.kind) {
    case "condition": {
      const { labels, field } = findPath(node.path, fieldsAt);
      return `${labels.join(" › ")} ${describeOperator(node.operator, node.value, field)}`;
    }
    case "raw":
      return `${node.key} ${JSON.stringify(node.value)}`;
    case "related": {
      const { labels } = findPath(node.path, fieldsAt);
      const inner = describeGroup(node.of, (path) => fieldsAt([...node.path, ...path]));
      const names = labels.join(" › ");
      if (node.quantifier === "one") return `${names}: ${inner}`;
      if (inner === "") return node.quantifier === "none" ? `no ${names}` : `any ${names}`;
      return `${node.quantifier} ${names}: ${inner}`;
    }
    case "group":
      return describeGroup(node, fieldsAt);
  }
}

function describeGroup(node: Group, fieldsAt: FieldsAt): string {
  const words = node.children.map((child) =>
    node.children.length > 1 && child.kind === "group" && child.children.length > 1 && !child.negated
      ? `(${describe(child, fieldsAt)})`
      : describe(child, fieldsAt),
  );
  const joined = words.filter((text) => text !== "").join(` ${node.mode} `);
  return node.negated ? `not (${joined})` : joined;
}

function describeOperator(name: string, value: unknown, field: Field | null): string {
  const operator = findOperator(name);
  if (operator?.operand === "null") {
    const isNull = (value === "NULL" || value === null) === (name === "is");
    return isNull ? "has no value" : "has a value";
  }
  if (operator?.operand === "flag") return value === false ? `not: ${operator.words}` : operator.words;
  return `${operator?.words ?? name} ${describeValue(value, operator?.operand, field)}`;
}

function describeValue(value: unknown, operand: string | undefined, field: Field | null): string {
  if (operand === "period" && isObject(value)) {
    const unit = String(value.unit ?? "").toLowerCase();
    if (value.this === true) return `this ${unit}`;
    return value.last === undefined ? `the next ${value.next} ${unit}s` : `the last ${value.last} ${unit}s`;
  }
  if (operand === "pair" && Array.isArray(value)) return value.map((one) => shown(one, field)).join(" and ");
  if (Array.isArray(value) && operand !== "json") return value.map((one) => shown(one, field)).join(", ") || "nothing";
  return shown(value, field);
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
