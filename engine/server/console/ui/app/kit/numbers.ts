// Numbers as people read them: with the comma and the point that the editors take.

const WHOLE = new Intl.NumberFormat("en");
const ROUGH = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export function printCount(count: number | string): string {
  return WHOLE.format(typeof count === "string" ? BigInt(count) : count);
}

/** Return a number of things, each called by a noun that gets an "s". */
export function plural(count: number, noun: string): string {
  return `${printCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Return a number with three digits that matter; a dash for none. */
export function printNumber(value: number | null): string {
  return value === null ? "—" : ROUGH.format(value);
}

/** Return a share as per cent, which are never rounded up to all of them; a dash for none of none. */
export function printShare(part: number, whole: number): string {
  return whole === 0 ? "—" : `${(Math.floor((part / whole) * 1000) / 10).toFixed(part === whole ? 0 : 1)} %`;
}
