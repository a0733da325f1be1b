// A value as a grid or a form shows it.

import { Check, Minus } from "lucide-react";
import { Fragment, type ReactNode } from "react";

import type { Field } from "../api/model.ts";
import { Chip, colorOf } from "../kit/chip.tsx";
import { cut } from "../kit/texts.ts";
import { EMPTY_TEXT, formatValue, isEmpty, NULL_TEXT, typeOf } from "./registry.ts";
import { findOption } from "./types/select.ts";
import "./cell.css";

export type CellProps = {
  value: unknown;
  field: Field;
  /** The most characters of a text that are shown: a screen reader says all of them. */
  most?: number;
};

export function Cell({ value, field, most = Number.POSITIVE_INFINITY }: CellProps): ReactNode {
  if (value === null || value === undefined) return <span className="value-none">{NULL_TEXT}</span>;
  if (isEmpty(value)) return <span className="value-none">{EMPTY_TEXT}</span>;
  switch (typeOf(field).cell) {
    case "check":
      return (
        <span className="value-check">
          {value === true ? <Check aria-hidden size={16} /> : <Minus aria-hidden size={16} />}
          {formatValue(value, field)}
        </span>
      );
    case "option":
      return <OptionChip value={value} field={field} />;
    case "options":
      return (
        <span className="value-chips">
          {(Array.isArray(value) ? value : [value]).map((one) => (
            // The space tells the words of two options apart, where they are read without their boxes.
            <Fragment key={String(one)}>
              <OptionChip value={one} field={field} />{" "}
            </Fragment>
          ))}
        </span>
      );
    case "relation":
      return <span className="value-relation">{formatValue(value, field)}</span>;
    case "code":
      return <code className="value-text">{cut(formatValue(value, field), most)}</code>;
    default: {
      const text = formatValue(value, field);
      return <span className={text === NULL_TEXT ? "value-none" : "value-text"}>{cut(text, most)}</span>;
    }
  }
}

function OptionChip({ value, field }: { value: unknown; field: Field }) {
  const option = findOption(field, value);
  return <Chip color={colorOf(option?.color)}>{option?.label ?? String(value)}</Chip>;
}
