import type { Option } from "../../api/model.ts";
import type { FieldLike, FieldType, Parsed } from "../field_type.ts";
import { problem } from "../field_type.ts";

const RATINGS: readonly Option[] = [1, 2, 3, 4, 5].map((stars) => ({
  value: `RATING_${stars}`,
  label: "★".repeat(stars),
  color: "yellow",
}));

/** Return the options of a field in their order; those of a RATING are the same for every field. */
export function optionsOf(field: FieldLike): readonly Option[] {
  return field.type === "RATING" ? RATINGS : field.options;
}

export function findOption(field: FieldLike, value: unknown): Option | undefined {
  return optionsOf(field).find((option) => option.value === value);
}

function label(value: unknown, field: FieldLike): string {
  return findOption(field, value)?.label ?? String(value);
}

/** Return the option whose value or label `text` is; case does not matter. A digit is a rating. */
export function parseOption(text: string, field: FieldLike): Parsed {
  const word = text.trim().toLowerCase();
  const options = optionsOf(field);
  const value = field.type === "RATING" && /^\d$/.test(word) ? `rating_${word}` : word;
  const found =
    options.find((option) => option.value.toLowerCase() === value) ??
    options.find((option) => option.label.toLowerCase() === word);
  return found
    ? { value: found.value }
    : problem(`The options are ${options.map((option) => option.label).join(", ")}.`);
}

export const select: FieldType = {
  operators: "text",
  cell: "option",
  editor: "option",
  shown: true,
  format: label,
  toText: String,
  parse: parseOption,
};

export const multiSelect: FieldType = {
  operators: "list",
  cell: "options",
  editor: "options",
  shown: true,
  format: (value, field) => (Array.isArray(value) ? value : [value]).map((item) => label(item, field)).join(", "),
  toText: (value) => (Array.isArray(value) ? value.join(", ") : String(value)),
  parse: (text, field) => {
    const values: unknown[] = [];
    for (const word of text.split(/[,;]/).filter((part) => part.trim())) {
      const parsed = parseOption(word, field);
      if ("problem" in parsed) return parsed;
      if (!values.includes(parsed.value)) values.push(parsed.value);
    }
    return { value: values };
  },
};
