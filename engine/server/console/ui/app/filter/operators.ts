// The operators of the filter language, and the words that a condition is read in.

import type { OperatorSet } from "../fields/field_type.ts";

/** The shape of an operator's value: one value of the field, several, two, a word of NULL, a flag, text, or JSON. */
export type Operand = "value" | "values" | "pair" | "null" | "flag" | "text" | "texts" | "json" | "period";

export type Operator = { name: string; words: string; operand: Operand };

const OPERATORS: readonly Operator[] = [
  { name: "eq", words: "is", operand: "value" },
  { name: "neq", words: "is not", operand: "value" },
  { name: "contains", words: "contains", operand: "text" },
  { name: "startsWith", words: "starts with", operand: "text" },
  { name: "endsWith", words: "ends with", operand: "text" },
  { name: "gt", words: ">", operand: "value" },
  { name: "gte", words: "≥", operand: "value" },
  { name: "lt", words: "<", operand: "value" },
  { name: "lte", words: "≤", operand: "value" },
  { name: "between", words: "is between", operand: "pair" },
  { name: "within", words: "is within", operand: "period" },
  { name: "isToday", words: "is today in UTC", operand: "flag" },
  { name: "inPast", words: "is in the past", operand: "flag" },
  { name: "inFuture", words: "is in the future", operand: "flag" },
  { name: "in", words: "is any of", operand: "values" },
  { name: "notIn", words: "is none of", operand: "values" },
  { name: "containsAny", words: "has any of", operand: "values" },
  { name: "containsAll", words: "has all of", operand: "values" },
  { name: "isEmpty", words: "is empty", operand: "flag" },
  { name: "ieq", words: "is, whatever the case,", operand: "text" },
  { name: "like", words: "matches the pattern", operand: "text" },
  { name: "ilike", words: "matches, whatever the case, the pattern", operand: "text" },
  { name: "search", words: "has words that begin with", operand: "text" },
  { name: "hasKey", words: "has the key", operand: "text" },
  { name: "hasAnyKeys", words: "has any of the keys", operand: "texts" },
  { name: "hasAllKeys", words: "has all of the keys", operand: "texts" },
  { name: "path", words: "has at its paths", operand: "json" },
  { name: "is", words: "is", operand: "null" },
  { name: "isNot", words: "is not", operand: "null" },
];

const BY_NAME = new Map(OPERATORS.map((operator) => [operator.name, operator]));

const SETS: Readonly<Record<OperatorSet, readonly string[]>> = {
  equality: ["eq", "neq", "in", "notIn", "is"],
  ordered: ["eq", "neq", "gt", "gte", "lt", "lte", "between", "in", "notIn", "is"],
  dated: ["eq", "neq", "gt", "gte", "lt", "lte", "between", "within", "inPast", "inFuture", "in", "notIn", "is"],
  text: [
    "contains",
    "eq",
    "neq",
    "startsWith",
    "endsWith",
    "ieq",
    "in",
    "notIn",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "like",
    "ilike",
    "is",
  ],
  json: ["contains", "hasKey", "hasAnyKeys", "hasAllKeys", "isEmpty", "path", "is"],
  list: ["containsAny", "containsAll", "isEmpty", "is"],
  search: ["search", "is"],
  none: ["is"],
};

/** Return the operators that the builder offers for a field with this set; `isNot` and `isToday` are read alone. */
export function operatorsOf(set: OperatorSet): readonly Operator[] {
  return SETS[set].map((name) => findOperator(name)).filter((operator) => operator !== undefined);
}

export function findOperator(name: string): Operator | undefined {
  return BY_NAME.get(name);
}

export function isOperator(name: string): boolean {
  return BY_NAME.has(name);
}
