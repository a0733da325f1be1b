// New conditions: the operator that suits the field, and the value that it begins with.

import { typeOf } from "../fields/registry.ts";
import { findOperator, operatorsOf } from "./operators.ts";
import { withZone } from "./periods.ts";
import type { Condition } from "./tree.ts";
import { type FieldsAt, findPath } from "./words.ts";

/** A condition on the field at a path; the operator of the one before stays if it has a value and suits the field. */
export function conditionAt(path: readonly string[], fieldsAt: FieldsAt, before: Condition | null = null): Condition {
  const { field } = findPath(path, fieldsAt);
  const offered = operatorsOf(field ? typeOf(field).operators : "none");
  // An option is chosen, and not searched by its letters.
  const first = field && typeOf(field).editor === "option" ? offered.find(({ name }) => name === "eq") : offered[0];
  const kept = before?.value === undefined ? undefined : offered.find(({ name }) => name === before.operator);
  return { kind: "condition", path, operator: (kept ?? first)?.name ?? "is", value: undefined };
}

/** The value that a condition with this operator begins with; undefined where a person has to give one. */
export function firstValue(operator: string): unknown {
  const operand = findOperator(operator)?.operand;
  if (operand === "flag") return true;
  return operand === "period" ? withZone({ last: 7, unit: "DAY" }) : undefined;
}
