import type { FieldType } from "../field_type.ts";
import { problem } from "../field_type.ts";

const DATE = /^(\d{4,6})-(\d{2})-(\d{2})$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Return a date as a person reads it, from its text alone: a time zone cannot move it by a day. */
export function formatDate(text: string): string {
  const [, year, month, day] = DATE.exec(text) ?? [];
  return year ? `${Number(day)} ${MONTHS[Number(month) - 1]} ${Number(year)}` : text;
}

/** Return true if `text` is a day of the calendar, such as 2024-02-29. */
export function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (!year) return false;
  const days = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
}

export const date: FieldType = {
  operators: "dated",
  cell: "text",
  editor: "date",
  shown: true,
  format: (value) => formatDate(String(value)),
  toText: String,
  parse: (text) => (isDate(text.trim()) ? { value: text.trim() } : problem("A date looks like 2024-01-31.")),
};
