import type { FieldType } from "../field_type.ts";
import { problem } from "../field_type.ts";

const TRUE = ["true", "yes", "1", "x", "t", "y"];
const FALSE = ["false", "no", "0", "f", "n"];

export const boolean: FieldType = {
  operators: "equality",
  cell: "check",
  editor: "check",
  shown: true,
  format: (value) => (value === true ? "Yes" : "No"),
  toText: String,
  parse: (text) => {
    const word = text.trim().toLowerCase();
    if (TRUE.includes(word)) return { value: true };
    return FALSE.includes(word) ? { value: false } : problem("This field is true or false.");
  },
};
