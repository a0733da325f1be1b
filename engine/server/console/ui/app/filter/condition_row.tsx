// One condition: the field, the operator and the value.

import { type Field, isToMany, isToOne } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import { typeOf } from "../fields/registry.ts";
import { type ChoiceGroup, InlineSelect } from "../kit/select.tsx";
import { conditionAt, firstValue } from "./conditions.ts";
import { GONE, isGone } from "./gone.ts";
import { findOperator, operatorsOf } from "./operators.ts";
import { withZone } from "./periods.ts";
import type { Condition } from "./tree.ts";
import { ValueInput } from "./value_input.tsx";
import { type FieldsAt, findPath } from "./words.ts";

/** The choice of the present day, which is a period. */
const TODAY = "today";

export type ConditionRowProps = {
  condition: Condition;
  fieldsAt: FieldsAt;
  onChange(condition: Condition): void;
  /** A relation was chosen in the place of a field. */
  relate(path: readonly string[]): void;
};

export function ConditionRow({ condition, fieldsAt, onChange, relate }: ConditionRowProps) {
  const { field, relation } = findPath(condition.path, fieldsAt);
  const groups = choicesOf(condition.path, fieldsAt);
  const operators = operatorsOf(field ? typeOf(field).operators : "none");
  const isAway = isGone(condition.path, fieldsAt);
  const known = operators.some((operator) => operator.name === condition.operator);

  function choose(text: string): void {
    const path = text.split(".");
    if (text.endsWith("›")) {
      relate(text.slice(0, -1).split("."));
      return;
    }
    onChange(conditionAt(path, fieldsAt, condition));
  }

  return (
    <>
      <InlineSelect
        label="Field"
        value={condition.path.join(".")}
        choices={[
          ...(field === null || isAway
            ? [{ id: condition.path.join("."), label: `${condition.path.join(" › ")}${isAway ? GONE : ""}` }]
            : []),
          ...groups,
        ]}
        onChange={choose}
      />
      <InlineSelect
        label="Operator"
        value={operatorValue(condition)}
        choices={[
          ...(known
            ? []
            : [
                {
                  id: operatorValue(condition),
                  label: findOperator(condition.operator)?.words ?? condition.operator,
                },
              ]),
          ...operators
            .filter((operator) => operator.operand !== "null")
            .flatMap(({ name, words }) => [
              { id: name, label: words },
              ...(name === "within" ? [{ id: TODAY, label: "is today" }] : []),
            ]),
          { id: "is:NULL", label: "has no value" },
          { id: "is:NOT_NULL", label: "has a value" },
        ]}
        onChange={(id) => {
          if (id === TODAY) {
            onChange({ ...condition, operator: "within", value: withZone({ this: true, unit: "DAY" }) });
            return;
          }
          const [name = "is", value] = id.split(":");
          const isSame = findOperator(name)?.operand === findOperator(condition.operator)?.operand;
          onChange({ ...condition, operator: name, value: value ?? (isSame ? condition.value : firstValue(name)) });
        }}
      />
      <ValueInput
        // Another field or operator has another value.
        key={`${condition.path.join(".")} ${condition.operator}`}
        operand={findOperator(condition.operator)?.operand ?? "json"}
        field={field}
        relation={relation}
        value={condition.value}
        onChange={(value) => onChange({ ...condition, value })}
      />
    </>
  );
}

function operatorValue({ operator, value }: Condition): string {
  if (operator !== "is" && operator !== "isNot") return operator;
  const isNull = (value === "NULL" || value === null) === (operator === "is");
  return isNull ? "is:NULL" : "is:NOT_NULL";
}

// The fields of the object, and those of each object on the way of the condition's path.
function choicesOf(path: readonly string[], fieldsAt: FieldsAt): ChoiceGroup<string>[] {
  const groups: ChoiceGroup<string>[] = [];
  const labels: string[] = [];
  for (let depth = 0; depth < path.length; depth++) {
    const before = path.slice(0, depth);
    const fields = fieldsAt(before);
    if (!fields) break;
    groups.push({
      label: labels.join(" › ") || "Fields",
      choices: fields.flatMap((field) => fieldChoices(field, before, labels)),
    });
    labels.push(fields.find((field) => field.name === path[depth])?.label ?? path[depth] ?? "");
  }
  return groups;
}

function fieldChoices(field: Field, before: readonly string[], labels: readonly string[]) {
  const name = [...before, field.name].join(".");
  const label = [...labels, field.label].join(" › ");
  if (isToMany(field)) return [{ id: `${name}›`, label: `${label}…` }];
  if (isToOne(field)) {
    const key = field.relation?.holdsKey ? [{ id: `${name}Id`, label }] : [{ id: name, label }];
    return [...key, { id: `${name}›`, label: `${label} ›…` }];
  }
  const parts = partsOf(field.type);
  if (parts.length === 0) return [{ id: name, label }];
  return parts.map((part) => ({ id: `${name}.${part.name}`, label: `${label} › ${part.label}` }));
}
