// An event in words.

import type { RecordEvent } from "../../api/events/events.ts";
import { cut } from "../../kit/texts.ts";

const LABELS = ["name", "title", "email"];
const LONGEST_NAME = 80;

/** The name of the record that an event is of; the beginning of its id where it has none. */
export function nameOf({ record, recordId }: Pick<RecordEvent, "record" | "recordId">): string {
  const text = (key: string) => (typeof record?.[key] === "string" ? (record[key] as string) : "");
  const names = [`${text("firstName")} ${text("lastName")}`.trim(), ...LABELS.map(text)];
  return cut(names.find((name) => name !== "") ?? recordId.slice(0, 8), LONGEST_NAME);
}

/** The changed fields of an event, each with its values; "" where it is not an update. */
export function changesOf({ action, changes }: Pick<RecordEvent, "action" | "changes">): string {
  if (action !== "UPDATED" || changes === null) {
    return "";
  }
  return changes.map(({ field, before, after }) => `${field}: ${print(before)} → ${print(after)}`).join("; ");
}

const LONGEST = 60;

function print(value: unknown): string {
  if (value === null || value === undefined) {
    return "—";
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return cut(text, LONGEST);
}
