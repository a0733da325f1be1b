import type { FieldType } from "../field_type.ts";
import { problem } from "../field_type.ts";

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const uuid: FieldType = {
  operators: "equality",
  cell: "code",
  editor: "text",
  shown: true,
  format: String,
  toText: String,
  parse: (text) =>
    UUID.test(text.trim())
      ? { value: text.trim().toLowerCase() }
      : problem("A UUID looks like 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e."),
};
