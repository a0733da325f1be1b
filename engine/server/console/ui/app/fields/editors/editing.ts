// The properties that each editor of a value has, and the keys that save.

import type { KeyboardEvent } from "react";

import type { Field } from "../../api/model.ts";

/** Where to go on after a value was saved. */
export type Then = "stay" | "next" | "previous";

export type EditorProps = {
  field: Field;
  /** The value that is edited: the id of a relation's record. */
  value: unknown;
  /** The record of a relation, by which the picker names it. */
  related?: unknown;
  /** A text that stands in the place of the value: a typed letter, or a text that was refused. */
  text: string | null;
  /** The name for a screen reader. */
  label: string;
  onSave(value: unknown, then: Then, text: string): void;
  onCancel(): void;
};

/** Return the way on that a key asks for: Enter and Tab save, and in several lines Ctrl+Enter alone. */
export function saveKey(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey">,
  hasLines: boolean,
): Then | null {
  if (event.key === "Tab") return event.shiftKey ? "previous" : "next";
  if (event.key !== "Enter") return null;
  return hasLines && !event.ctrlKey && !event.metaKey ? null : "stay";
}
