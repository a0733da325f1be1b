// The words of a field's settings; one that is not known stands as the API has it.

const LABELS: Readonly<Record<string, string>> = {
  dataType: "Kind of number",
  keepAccents: "Searches tell é from e",
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

export function settingLabel(name: string): string {
  return LABELS[name] ?? name;
}

export function settingValue(value: string): string {
  return VALUES[value] ?? value;
}
