// Times as people read them, in the reader's zone.

const SHORT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

const HOUR = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

/** The name of the zone in which all times are shown. */
export const timeZone: string = SHORT.resolvedOptions().timeZone;

/** Return a time of the API to the minute, or to the second; a text that is no time stays as it is, and none is a dash. */
export function printTime(text: string | null, isExact = false): string {
  if (text === null) return "—";
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : (isExact ? EXACT : SHORT).format(at);
}

/** Return the hour and the minute of a moment in seconds since 1970. */
export function printHour(seconds: number): string {
  return HOUR.format(seconds * 1000);
}
