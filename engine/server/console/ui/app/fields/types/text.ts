import type { FieldType } from "../field_type.ts";

export const text: FieldType = {
  operators: "text",
  cell: "text",
  editor: "text",
  shown: true,
  format: String,
  toText: String,
  parse: (value) => (value.includes("\0") ? { problem: "A text cannot have the NUL character." } : { value }),
};
