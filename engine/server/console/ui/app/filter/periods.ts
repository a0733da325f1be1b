// Periods of time relative to now, and the zone that decides about their days: docs/reference/reading.md.

import { timeZone } from "../kit/times.ts";
import type { Filter } from "./tree.ts";

const SHORT_UNITS: readonly unknown[] = ["MINUTE", "HOUR"];

/** Return a period with its zone where one counts: the one that it names, or else the one in which all times are shown. */
export function withZone(period: Filter): Filter {
  return needsZone(period) ? { ...period, timeZone: period.timeZone ?? timeZone } : period;
}

/** Return the zone that counts for a period; null where none does. */
export function zoneOf(period: Filter): string | null {
  return needsZone(period) ? String(period.timeZone ?? "UTC") : null;
}

function needsZone(period: Filter): boolean {
  return period.this === true || !SHORT_UNITS.includes(period.unit);
}
