import { printTime } from "../../kit/times.ts";
import type { FieldType, Parsed } from "../field_type.ts";
import { problem } from "../field_type.ts";
import { isDate } from "./date.ts";

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$/i;
const TWO = (number: number) => String(number).padStart(2, "0");

/** Return an instant in the reader's time zone as `<input type="datetime-local">` takes it, to the millisecond. */
export function toLocal(text: string | Date): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${TWO(at.getMonth() + 1)}-${TWO(at.getDate())}`;
  const fraction = at.getMilliseconds() ? `.${String(at.getMilliseconds()).padStart(3, "0")}` : "";
  return `${date}T${TWO(at.getHours())}:${TWO(at.getMinutes())}:${TWO(at.getSeconds())}${fraction}`;
}

/**
 * Return the instant that a person means who changed a local time: an hour that the clocks repeat in autumn has two, of
 * which the one with the offset of `before` is meant.
 */
export function withOffsetOf(before: string, instant: string): string {
  const [old, at] = [new Date(before), new Date(instant)];
  const other = new Date(at.getTime() + (old.getTimezoneOffset() - at.getTimezoneOffset()) * 60_000);
  const isRepeated = other.getTimezoneOffset() !== at.getTimezoneOffset() && toLocal(other) === toLocal(at);
  return isRepeated ? other.toISOString().replace(".000Z", "Z") : instant;
}

// A text with an offset is sent as it is, to the microsecond; one without is a time of the reader's zone.
function parseInstant(text: string): Parsed {
  const trimmed = text.trim();
  const [, date, minutes = "00:00", seconds = ":00", fraction = "", offset] = INSTANT.exec(trimmed) ?? [];
  if (!date) return problem("A time looks like 2024-01-31 09:30 or 2024-01-31T09:30:00Z.");
  const at = new Date(`${date}T${minutes}${seconds}${offset?.toUpperCase() ?? ""}`);
  // A browser reads the 30th of February as a day in March.
  if (Number.isNaN(at.getTime()) || !isDate(date)) return problem("There is no such time.");
  return { value: at.toISOString().replace(".000Z", `${fraction}Z`) };
}

export const dateTime: FieldType = {
  operators: "dated",
  cell: "text",
  editor: "dateTime",
  shown: true,
  format: (value) => printTime(String(value)),
  toText: String,
  parse: parseInstant,
};
