import type { Field } from "../api/model.ts";

/** A set of operators of the filter language; docs/reference/reading.md lists them. */
export type OperatorSet = "equality" | "ordered" | "dated" | "text" | "json" | "list" | "search" | "none";

export type CellKind = "text" | "number" | "check" | "option" | "options" | "link" | "relation" | "count" | "code";

export type EditorKind = "text" | "long" | "date" | "dateTime" | "check" | "option" | "options" | "parts" | "relation";

export type Parsed = { value: unknown } | { problem: string };

/** The part of a field that its type needs to show and read values: a sub-field of a composite has one, too. */
export type FieldLike = Pick<Field, "type" | "options" | "settings" | "relation">;

export type FieldType = {
  operators: OperatorSet;
  cell: CellKind;
  /** The editor of a value; null for a value that the server alone writes. */
  editor: EditorKind | null;
  /** A grid without a view shows the field. */
  shown: boolean;
  /** Return the text that a person reads; the value is not null. */
  format(value: unknown, field: FieldLike): string;
  /** Return the text that an editor begins with and that a copy has: the API's own form; the value is not null. */
  toText(value: unknown, field: FieldLike): string;
  /** Return the value that `text` stands for; the text is not empty, unless the type keeps empty texts. */
  parse(text: string, field: FieldLike): Parsed;
};

export function problem(text: string): Parsed {
  return { problem: text };
}
