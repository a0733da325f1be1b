// The words of a field's settings and of its relation; one that is not known stands as the API has it.

import type { FieldTypeInfo } from "../../api/model_edit.ts";

const LABELS: Readonly<Record<string, string>> = {
  dataType: "Kind of number",
  keepAccents: "Searches tell é from e",
  skipLabelIndex: "No index for the order of the label",
  onDelete: "When the other record is destroyed",
};

const VALUES: Readonly<Record<string, string>> = {
  int: "whole number",
  bigint: "large whole number",
  float: "floating-point number",
  decimal: "decimal number, exact",
  SET_NULL: "the field is emptied",
  CASCADE: "this record is destroyed, too",
  RESTRICT: "that is refused",
};

/** The words of a type whose description names its settings as the API has them. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  NUMBER: "A number: a whole one, or a decimal one with all its digits.",
};

const RELATIONS: Readonly<Record<string, string>> = {
  MANY_TO_ONE: "to one",
  ONE_TO_MANY: "to many",
  ONE_TO_ONE: "one to one",
  MANY_TO_MANY: "many to many",
};

export function relationLabel(type: string): string {
  return RELATIONS[type] ?? type;
}

/** Return what a type is; undefined where that says no more than its label. */
export function typeDescription({ type, label, description }: FieldTypeInfo): string | undefined {
  const words = DESCRIPTIONS[type] ?? description;
  return words.replace(/^An? |\.$/g, "").toLowerCase() === label.toLowerCase() ? undefined : words;
}

export function settingLabel(name: string): string {
  return LABELS[name] ?? name;
}

export function settingValue(value: string): string {
  return VALUES[value] ?? value;
}
