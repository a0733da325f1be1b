// The value of a condition, as its operator and its field need it.

import { useState } from "react";

import { doubleOf, exactText, isObject, isRaw } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { copyText, parseText, typeOf } from "../fields/registry.ts";
import { toLocal } from "../fields/types/date_time.ts";
import { optionsOf } from "../fields/types/select.ts";
import { Chip, colorOf } from "../kit/chip.tsx";
import { InlineSelect } from "../kit/select.tsx";
import { OrClaim } from "./claims.tsx";
import { parseListed, printListed } from "./listed.ts";
import type { Operand } from "./operators.ts";
import { withZone, zoneOf } from "./periods.ts";
import { RelationValue, RelationValues } from "./relation_value.tsx";

export type ValueInputProps = {
  operand: Operand;
  field: Field | null;
  /** The relation whose key is compared. */
  relation?: Field | null;
  value: unknown;
  onChange(value: unknown): void;
};

export function ValueInput(props: ValueInputProps) {
  const { operand, value, onChange } = props;
  const isList = operand === "values" || operand === "texts";
  if (!isList && operand !== "value" && operand !== "text") return <TypedInput {...props} />;
  return (
    <OrClaim label="value" value={value} isList={isList} onChange={onChange}>
      <TypedInput {...props} />
    </OrClaim>
  );
}

function TypedInput({ operand, field, relation = null, value, onChange }: ValueInputProps) {
  switch (operand) {
    case "null":
      return null;
    case "flag":
      return (
        <InlineSelect
          label="Value"
          value={exactText(value)}
          choices={FLAGS}
          onChange={(flag) => onChange(flag === "true")}
        />
      );
    case "period":
      return <PeriodInput value={isObject(value) ? value : {}} onChange={onChange} />;
    case "values":
      return relation ? (
        <RelationValues field={relation} value={value} onChange={onChange} />
      ) : (
        <ValuesInput field={field} value={value} onChange={onChange} />
      );
    case "texts":
      return <ListInput field={null} value={value} onChange={onChange} />;
    case "pair":
      return <PairInput field={field} value={value} onChange={onChange} />;
    case "json":
      return <TextInput field={field && { ...field, type: "RAW_JSON" }} value={value} onChange={onChange} />;
    case "text":
      return <TextInput field={field?.type === "RAW_JSON" ? field : null} value={value} onChange={onChange} />;
    case "value":
      return relation ? (
        <RelationValue field={relation} value={value} onChange={onChange} />
      ) : (
        <OneInput field={field} value={value} onChange={onChange} />
      );
  }
}

const FLAGS = [
  { id: "true", label: "Yes" },
  { id: "false", label: "No" },
];
const NONE = { id: "", label: "Choose…" };

type InputProps = Omit<ValueInputProps, "operand"> & { label?: string };

function OneInput({ field, value, onChange }: InputProps) {
  const editor = field ? typeOf(field).editor : "text";
  if (field && editor === "option") {
    return (
      <InlineSelect
        label="Value"
        value={exactText(value ?? "")}
        choices={[NONE, ...optionsOf(field).map((option) => ({ id: option.value, label: option.label }))]}
        onChange={(option) => onChange(option || undefined)}
      />
    );
  }
  if (editor === "check") {
    return (
      <InlineSelect
        label="Value"
        value={exactText(value ?? "")}
        choices={[NONE, ...FLAGS]}
        onChange={(flag) => onChange(flag === "" ? undefined : flag === "true")}
      />
    );
  }
  return <TextInput field={field} value={value} onChange={onChange} />;
}

// A text that is no value of the field yet stays as it is typed; the condition counts when it is one.
function TextInput({ field, value, onChange, label = "Value" }: InputProps) {
  const kind = field ? typeOf(field).editor : "text";
  const [typed, setTyped] = useState(() => textOf(value, field, kind));
  const [isWrong, setWrong] = useState(false);
  return (
    <input
      className="field-input"
      aria-label={label}
      aria-invalid={isWrong || undefined}
      type={kind === "date" ? "date" : kind === "dateTime" ? "datetime-local" : "text"}
      step="any"
      autoComplete="off"
      spellCheck={false}
      value={typed}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        const parsed = text === "" ? { value: undefined } : field ? parseText(text, field) : { value: text };
        setWrong("problem" in parsed);
        onChange("problem" in parsed ? undefined : parsed.value);
      }}
    />
  );
}

function textOf(value: unknown, field: Field | null, kind: string | null): string {
  if (value === undefined || value === null) return "";
  if (field === null || isRaw(value)) return exactText(value);
  return kind === "dateTime" ? toLocal(String(value)) : copyText(value, field);
}

function ValuesInput({ field, value, onChange }: InputProps) {
  const options = field ? optionsOf(field) : [];
  const chosen = Array.isArray(value) ? value : [];
  if (!field || options.length === 0) return <ListInput field={field} value={value} onChange={onChange} />;
  return (
    <fieldset aria-label="Values" className="filter-options">
      {options.map((option) => {
        const isChosen = chosen.includes(option.value);
        return (
          <button
            key={option.value}
            type="button"
            aria-pressed={isChosen}
            onClick={() =>
              onChange(isChosen ? chosen.filter((one) => one !== option.value) : [...chosen, option.value])
            }
          >
            <Chip color={colorOf(option.color)}>{option.label}</Chip>
          </button>
        );
      })}
    </fieldset>
  );
}

function ListInput({ field, value, onChange }: InputProps) {
  const [typed, setTyped] = useState(() => printListed(value, field));
  const [isWrong, setWrong] = useState(false);
  return (
    <input
      className="field-input"
      aria-label="Values, separated by commas, one with a comma in quotes"
      aria-invalid={isWrong || undefined}
      placeholder='one, "two, three"'
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
        const values = parseListed(event.target.value, field);
        setWrong(values === null);
        onChange(values === null || values.length === 0 ? undefined : values);
      }}
    />
  );
}

function PairInput({ field, value, onChange }: InputProps) {
  const [pair, setPair] = useState<readonly unknown[]>(Array.isArray(value) ? value : [undefined, undefined]);
  const set = (next: readonly unknown[]) => {
    setPair(next);
    onChange(next.every((one) => one !== undefined) ? next : undefined);
  };
  return (
    <>
      <TextInput label="From" field={field} value={pair[0]} onChange={(first) => set([first, pair[1]])} />
      <span>and</span>
      <TextInput label="To" field={field} value={pair[1]} onChange={(second) => set([pair[0], second])} />
    </>
  );
}

const DIRECTIONS = [
  { id: "last", label: "the last" },
  { id: "this", label: "this" },
  { id: "next", label: "the next" },
] as const;
const UNITS = ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

function PeriodInput({
  value,
  onChange,
}: {
  value: Readonly<Record<string, unknown>>;
  onChange(value: unknown): void;
}) {
  const direction = value.this === true ? "this" : "next" in value ? "next" : "last";
  const count = doubleOf(value[direction] ?? 1) || 1;
  const { timeZone, unit = "DAY" } = value;
  const zone = zoneOf(value);
  const build = (next: string, number: number, of: unknown) =>
    onChange(
      withZone({ [next]: next === "this" ? true : number, unit: of, ...(timeZone === undefined ? {} : { timeZone }) }),
    );
  return (
    <>
      <InlineSelect
        label="Direction"
        value={direction}
        choices={DIRECTIONS}
        onChange={(next) => build(next, count, unit)}
      />
      {direction !== "this" && (
        <input
          className="field-input"
          type="number"
          min={1}
          aria-label="Number"
          value={count}
          onChange={(event) => build(direction, Math.max(1, Math.trunc(Number(event.target.value)) || 1), unit)}
        />
      )}
      <InlineSelect
        label="Unit"
        value={exactText(unit)}
        choices={UNITS.map((id) => ({ id, label: `${id.toLowerCase()}${direction === "this" ? "" : "s"}` }))}
        onChange={(next) => build(direction, count, next)}
      />
      {zone !== null && <span>in {zone}</span>}
    </>
  );
}
