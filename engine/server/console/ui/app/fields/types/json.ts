import { parseExact } from "../../api/exact_json.ts";
import { cut } from "../../kit/texts.ts";
import type { FieldType } from "../field_type.ts";
import { problem } from "../field_type.ts";

/** The characters of a long value that a grid's cell shows. */
export const SHOWN = 200;

/** Any JSON value; a type that the console does not know is shown so, too. */
export const json: FieldType = {
  operators: "json",
  cell: "code",
  editor: "long",
  shown: false,
  format: (value) => cut(JSON.stringify(value), SHOWN),
  toText: (value) => JSON.stringify(value, null, 2),
  parse: (text) => {
    try {
      return { value: parseExact(text) };
    } catch (error) {
      return problem(`This is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
};

export const unknown: FieldType = { ...json, operators: "none", editor: null, shown: true };

export const array: FieldType = {
  operators: "list",
  cell: "text",
  editor: "long",
  shown: false,
  format: (value) => cut(Array.isArray(value) ? value.join(", ") : String(value), SHOWN),
  toText: (value) => JSON.stringify(value),
  parse: (text) => {
    if (!text.trim().startsWith("[")) return { value: text.split(/\r?\n/).filter((line) => line !== "") };
    const parsed = json.parse(text, { type: "RAW_JSON", options: [], settings: {}, relation: null });
    if ("problem" in parsed) return parsed;
    const isList = Array.isArray(parsed.value) && parsed.value.every((item) => typeof item === "string");
    return isList ? parsed : problem('This field has a list of text, such as ["red", "green"], or one text a line.');
  },
};

export const searchVector: FieldType = { ...json, operators: "search", editor: null };
