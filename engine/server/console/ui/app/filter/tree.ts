// A filter of the API as rows that a person edits, and back. Nothing of a filter is lost: a condition that the builder has
// no row for stays as its JSON.

import { isObject } from "../api/exact_json.ts";
import { isOperator } from "./operators.ts";

export type Filter = Readonly<Record<string, unknown>>;

/** One comparison. The path leads over relations to one record and to a part of a composite: `["company", "name"]`. */
export type Condition = { kind: "condition"; path: readonly string[]; operator: string; value: unknown };

/** Conditions of which all (`and`) or at least one (`or`) must hold, or not, where `negated`. */
export type Group = { kind: "group"; mode: "and" | "or"; negated: boolean; children: readonly Node[] };

/** Conditions on the records of a relation: of the one record (`one`), of some, none or every one of several. */
export type Related = {
  kind: "related";
  path: readonly string[];
  quantifier: "one" | "some" | "none" | "every";
  of: Group;
};

/** A condition in JSON: its key is the path's end, so that it goes back to its place. */
export type Raw = { kind: "raw"; key: string; value: unknown };

export type Node = Condition | Group | Related | Raw;

/** Return true if the field at a path leads to another record or has parts, so that its filter has names of fields. */
export type HasMembers = (path: readonly string[]) => boolean | undefined;

const QUANTIFIERS = ["some", "none", "every"] as const;

/** Return the rows of a filter. `hasMembers` tells a field from an operator of its name; without it the keys decide. */
export function parseFilter(filter: Filter, hasMembers: HasMembers = () => undefined): Group {
  return group("and", parseLevel(filter, [], hasMembers));
}

function parseLevel(filter: Filter, path: readonly string[], hasMembers: HasMembers): Node[] {
  return Object.entries(filter).flatMap(([key, value]): Node[] => {
    if (key === "and" && isFilters(value)) {
      // A list of "and" with one condition each is what `buildFilter` makes of conditions on the same field.
      return value.map((item) => single(group("and", parseLevel(item, path, hasMembers))));
    }
    if (key === "or" && isFilters(value)) {
      return [
        group(
          "or",
          value.map((item) => single(group("and", parseLevel(item, path, hasMembers)))),
        ),
      ];
    }
    if (key === "not" && isObject(value))
      return [{ ...group("and", parseLevel(value, path, hasMembers)), negated: true }];
    return parseField(key, value, path, hasMembers);
  });
}

function parseField(key: string, value: unknown, path: readonly string[], hasMembers: HasMembers): Node[] {
  const here = [...path, key];
  if (!isObject(value) || Object.keys(value).length === 0) return [{ kind: "raw", key, value }];
  const keys = Object.keys(value);
  const members = hasMembers(here);
  if (key.endsWith("Aggregate") && members === undefined) return [{ kind: "raw", key, value }];
  const quantified = keys.every((name) => isQuantifier(name) || name === "isEmpty") && keys.some(isQuantifier);
  if (quantified && keys.every((name) => name === "isEmpty" || isObject(value[name]))) {
    return keys.map(
      (name): Node =>
        isQuantifier(name)
          ? { kind: "related", path: here, quantifier: name, of: parseFilter(value[name] as Filter) }
          : { kind: "condition", path: here, operator: name, value: value[name] },
    );
  }
  const operators =
    keys.every(isOperator) && (members !== true || keys.every((name) => name === "is" || name === "isEmpty"));
  if (operators) return keys.map((name) => ({ kind: "condition", path: here, operator: name, value: value[name] }));
  if (members === false) return [{ kind: "raw", key, value }];
  const inner = parseLevel(value, [], (rest) => hasMembers([...here, ...rest]));
  // One condition is shown as a path; several stay together, because they are the filter of one level.
  const only = inner.length === 1 ? inner[0] : undefined;
  if (only?.kind === "condition") return [{ ...only, path: [...here, ...only.path] }];
  if (only?.kind === "related" && only.quantifier !== "one") return [{ ...only, path: [...here, ...only.path] }];
  return [{ kind: "related", path: here, quantifier: "one", of: group("and", inner) }];
}

/** Return the filter of rows. Rows that are not complete yet (no operator's value, an empty group) are left out. */
export function buildFilter(root: Group): Filter {
  return buildNode(root) ?? {};
}

function buildNode(node: Node): Filter | null {
  switch (node.kind) {
    case "condition":
      return node.value === undefined ? null : nest(node.path, { [node.operator]: node.value });
    case "raw":
      return { [node.key]: node.value };
    case "related": {
      const of = buildNode(node.of);
      // "Some record" and "no record" are conditions without any; every record and the one record say nothing then.
      if (node.quantifier === "some" || node.quantifier === "none")
        return nest(node.path, { [node.quantifier]: of ?? {} });
      if (of === null) return null;
      return nest(node.path, node.quantifier === "one" ? of : { every: of });
    }
    case "group": {
      const parts = node.children.map(buildNode).filter((part) => part !== null);
      if (parts.length === 0) return null;
      const positive = node.mode === "or" && parts.length > 1 ? { or: parts } : merge(parts);
      return node.negated ? { not: positive } : positive;
    }
  }
}

// Different keys stand side by side; a key that occurs twice needs a list.
function merge(parts: readonly Filter[]): Filter {
  const keys = parts.flatMap(Object.keys);
  if (new Set(keys).size === keys.length) return Object.assign({}, ...parts);
  const operators = mergeOperators(parts);
  return operators ?? { and: parts };
}

// `{ amount: { gte: 1 } }` and `{ amount: { lt: 5 } }` are `{ amount: { gte: 1, lt: 5 } }`.
function mergeOperators(parts: readonly Filter[]): Filter | null {
  const merged: Record<string, Record<string, unknown>> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      if (!isObject(value) || !Object.keys(value).every((name) => isOperator(name) || isQuantifier(name))) return null;
      const before = merged[key] ?? {};
      if (Object.keys(value).some((name) => name in before)) return null;
      merged[key] = { ...before, ...value };
    }
  }
  return merged;
}

function nest(path: readonly string[], filter: Filter): Filter {
  return path.reduceRight<Filter>((inner, name) => ({ [name]: inner }), filter);
}

function single(node: Group): Node {
  const only = node.children[0];
  return node.children.length === 1 && only !== undefined && !node.negated ? only : node;
}

export function group(mode: "and" | "or", children: readonly Node[]): Group {
  return { kind: "group", mode, negated: false, children };
}

/** Return true if each row is part of the filter: none lacks its value, and no group or relation is without conditions. */
export function isWhole({ children }: Group): boolean {
  return children.every((node) => {
    if (buildNode(node) === null) return false;
    return node.kind === "group" ? isWhole(node) : node.kind === "related" ? isWhole(node.of) : true;
  });
}

/** Return the number of conditions that count: the figure beside the word Filter. */
export function countConditions(node: Node): number {
  switch (node.kind) {
    case "condition":
      return node.value === undefined ? 0 : 1;
    case "raw":
      return 1;
    case "related":
      return node.quantifier === "some" || node.quantifier === "none"
        ? Math.max(1, countConditions(node.of))
        : countConditions(node.of);
    case "group":
      return node.children.reduce((count, child) => count + countConditions(child), 0);
  }
}

/** Return the group with the node at `place` (indexes from the root) replaced, or removed where `node` is null. */
export function replaceAt(root: Group, place: readonly number[], node: Node | null): Group {
  const [index, ...rest] = place;
  if (index === undefined) return node?.kind === "group" ? node : root;
  const children = root.children.flatMap((child, at): Node[] => {
    if (at !== index) return [child];
    if (rest.length === 0) return node === null ? [] : [node];
    if (child.kind === "group") return [replaceAt(child, rest, node)];
    if (child.kind === "related") return [{ ...child, of: replaceAt(child.of, rest, node) }];
    return [child];
  });
  return { ...root, children };
}

function isFilters(value: unknown): value is readonly Filter[] {
  return Array.isArray(value) && value.every(isObject);
}

function isQuantifier(name: string): name is (typeof QUANTIFIERS)[number] {
  return (QUANTIFIERS as readonly string[]).includes(name);
}
