// A labelled text field with its description and the problem that stands beside it.

import type { ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components/TextField";

import "./field.css";

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "style" | "children"> {
  label: ReactNode;
  description?: ReactNode;
  /** The problem of the value; the field is invalid while there is one. */
  problem?: string | undefined;
  /** Lines of a field that takes several. */
  lines?: number;
  isCode?: boolean;
  /** A control at the end of the field, such as a lock. */
  end?: ReactNode;
  placeholder?: string;
}

export function TextField({ label, description, problem, lines, isCode, end, placeholder, ...rest }: TextFieldProps) {
  const shown = { className: "field-input", "data-code": isCode || undefined, placeholder };
  return (
    <AriaTextField
      {...rest}
      validationBehavior="aria"
      className="field"
      isInvalid={problem !== undefined || rest.isInvalid === true}
    >
      <Label className="field-label">{label}</Label>
      <div className="field-row">
        {lines === undefined ? <Input {...shown} /> : <TextArea {...shown} rows={lines} />}
        {end}
      </div>
      {description && (
        <Text slot="description" className="field-description">
          {description}
        </Text>
      )}
      <FieldError className="field-problem">{problem}</FieldError>
    </AriaTextField>
  );
}
