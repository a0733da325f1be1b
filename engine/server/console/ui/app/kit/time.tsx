// A time that breaks between its day and its hour alone.

import { printTime, timeZone } from "./times.ts";
import "./time.css";

export interface TimeProps {
  /** As the API has it; null for none. */
  at: string | null;
  /** To the second. */
  isExact?: boolean;
}

export function Time({ at, isExact = false }: TimeProps) {
  const [day = "", hour] = printTime(at, isExact).split(", ");
  return (
    <time className="time" dateTime={at ?? undefined} title={at === null ? undefined : `${at}, shown in ${timeZone}`}>
      <span>{hour === undefined ? day : `${day},`}</span> {hour && <span>{hour}</span>}
    </time>
  );
}
