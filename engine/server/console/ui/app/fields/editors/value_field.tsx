// A labelled field of a form for a value of any type. A text that is no value of the type keeps the form from being sent.

import { X } from "lucide-react";
import { type ReactNode, useId, useState } from "react";

import { isObject } from "../../api/exact_json.ts";
import type { Field } from "../../api/model.ts";
import { RelationValue } from "../../filter/relation_value.tsx";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Select } from "../../kit/select.tsx";
import { partsOf } from "../parts.ts";
import { copyText, parseText, typeOf } from "../registry.ts";
import { toLocal } from "../types/date_time.ts";
import { optionsOf } from "../types/select.ts";
import "../../kit/field.css";
import "./editor.css";

export interface ValueFieldProps {
  label: string;
  field: Field;
  /** Null for none. */
  value: unknown;
  onChange: (value: unknown) => void;
  description?: ReactNode;
  problem?: string | undefined;
}

export function ValueField(props: ValueFieldProps): ReactNode {
  const { label, field, value, onChange, description, problem } = props;
  switch (typeOf(field).editor) {
    case "check":
      return (
        <Select
          label={label}
          value={value === null ? "" : String(value)}
          choices={[
            { id: "", label: "No value" },
            { id: "true", label: "Yes" },
            { id: "false", label: "No" },
          ]}
          onChange={(id) => onChange(id === "" ? null : id === "true")}
          description={description}
          problem={problem}
        />
      );
    case "option": {
      const options = optionsOf(field).map((option) => ({ id: option.value, label: option.label || option.value }));
      return (
        <Select
          label={label}
          value={value === null ? "" : String(value)}
          choices={[{ id: "", label: "No value" }, ...options]}
          onChange={(id) => onChange(id === "" ? null : id)}
          description={description}
          problem={problem}
        />
      );
    }
    case "options":
      return <OptionBoxes {...props} />;
    case "parts":
      return <PartFields {...props} />;
    case "relation":
      return (
        <div className="field">
          <span className="field-label">{label}</span>
          <div className="field-row">
            <RelationValue field={field} value={value ?? undefined} onChange={(id) => onChange(id ?? null)} isClosed />
            {value !== null && (
              <Button kind="quiet" icon={<X aria-hidden />} aria-label={`No ${label}`} onPress={() => onChange(null)} />
            )}
          </div>
        </div>
      );
    default:
      return <TextValue {...props} />;
  }
}

function OptionBoxes({ label, field, value, onChange, description, problem }: ValueFieldProps) {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  function choose(option: string, isChosen: boolean) {
    const next = optionsOf(field)
      .map((one) => one.value)
      .filter((one) => (one === option ? isChosen : chosen.includes(one)));
    onChange(next.length === 0 ? null : next);
  }
  return (
    <fieldset className="value-group">
      <legend className="field-label">{label}</legend>
      {optionsOf(field).map((option) => (
        <Check
          key={option.value}
          label={option.label || option.value}
          isSelected={chosen.includes(option.value)}
          onChange={(isChosen) => choose(option.value, isChosen)}
        />
      ))}
      {(problem ?? description) && (
        <p className={problem ? "field-problem" : "field-description"}>{problem ?? description}</p>
      )}
    </fieldset>
  );
}

function PartFields({ label, field, value, onChange, description, problem }: ValueFieldProps) {
  const given = isObject(value) ? value : {};
  return (
    <fieldset className="value-group">
      <legend className="field-label">{label}</legend>
      <div className="value-parts">
        {partsOf(field.type).map((part) => (
          <TextValue
            key={part.name}
            label={part.label}
            field={{ ...field, type: part.type }}
            value={given[part.name] ?? null}
            onChange={(next) => {
              const { [part.name]: _before, ...rest } = given;
              const parts = next === null ? rest : { ...rest, [part.name]: next };
              onChange(Object.keys(parts).length === 0 ? null : parts);
            }}
          />
        ))}
      </div>
      {(problem ?? description) && (
        <p className={problem ? "field-problem" : "field-description"}>{problem ?? description}</p>
      )}
    </fieldset>
  );
}

function TextValue({ label, field, value, onChange, description, problem }: ValueFieldProps) {
  const kind = typeOf(field).editor;
  const id = useId();
  const [typed, setTyped] = useState(() =>
    kind === "dateTime" && value !== null ? toLocal(String(value)) : copyText(value, field),
  );
  const [wrong, setWrong] = useState<string | null>(null);
  const shown = wrong ?? problem;
  const note = shown ?? description;

  function type(text: string) {
    setTyped(text);
    const parsed = parseText(text, field);
    setWrong("problem" in parsed ? parsed.problem : null);
    if ("value" in parsed) onChange(parsed.value);
  }

  const shared = {
    id,
    className: "field-input",
    "aria-invalid": shown !== undefined || undefined,
    "aria-describedby": note ? `${id}note` : undefined,
    autoComplete: "off",
    spellCheck: false,
    value: typed,
    ref: (input: HTMLInputElement | HTMLTextAreaElement | null) => input?.setCustomValidity(wrong ?? ""),
  };
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <div className="field-row">
        {kind === "long" ? (
          <textarea {...shared} rows={3} data-code onChange={(event) => type(event.target.value)} />
        ) : (
          <input
            {...shared}
            type={kind === "date" ? "date" : kind === "dateTime" ? "datetime-local" : "text"}
            step="any"
            onChange={(event) => type(event.target.value)}
          />
        )}
      </div>
      {note && (
        <p id={`${id}note`} className={shown ? "field-problem" : "field-description"}>
          {note}
        </p>
      )}
    </div>
  );
}
