// JSON without the loss of a digit: a number that a double cannot hold stays its text (a raw JSON value) on its way from
// the server to an editor and back.

type RawJson = { readonly rawJSON: string };
type ExactJson = {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(text: string, revive: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown;
};
// The types of the language do not have the proposal "JSON.parse source text access" yet; Chromium 114, Firefox 135 and
// Safari 18.4 do. An older browser reads doubles.
const json = JSON as unknown as Partial<ExactJson> & ExactJson;

export function parseExact(text: string): unknown {
  return json.parse(text, reviveExact);
}

/** Return what stands for a value of a JSON text: the reviver of JSON.parse, which gives the text of a number, too. */
export function reviveExact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return typeof json.rawJSON === "function" ? json.rawJSON(source) : value;
}

export function isRaw(value: unknown): value is RawJson {
  return typeof json.isRawJSON === "function" && json.isRawJSON(value);
}

/** Return true if a number that a double cannot hold is in a JSON value. */
export function hasRaw(value: unknown): boolean {
  return isRaw(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasRaw));
}

/** Return the digits of a number as the server sent them, and any other scalar as text. */
export function exactText(value: unknown): string {
  return isRaw(value) ? value.rawJSON : String(value);
}

/** Return the double of a number that the server sent: `1.0` is kept as its text, which no arithmetic takes. */
export function doubleOf(value: unknown): number {
  return Number(exactText(value));
}

/** Return a value that is sent as a JSON number with exactly the digits of `text`, which is one. */
export function exactNumber(text: string): unknown {
  const double = Number(text);
  return String(double) === text || typeof json.rawJSON !== "function" ? double : json.rawJSON(text);
}

/** Return true if two JSON values are the same, whatever the order of their keys. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (isRaw(one) || isRaw(other)) return isNumber(one) && isNumber(other) && exactText(one) === exactText(other);
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => sameJson(item, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one);
    return (
      keys.length === Object.keys(other).length && keys.every((key) => key in other && sameJson(one[key], other[key]))
    );
  }
  return false;
}

/** Return the members of `after` that differ from those of `before`. */
export function changedMembers<T extends object>(before: T, after: T): Partial<T> {
  const members = Object.keys(after) as (keyof T)[];
  const changed = members.filter((member) => !sameJson(before[member], after[member]));
  return Object.fromEntries(changed.map((member) => [member, after[member]])) as Partial<T>;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRaw(value);
}

function isNumber(value: unknown): boolean {
  return isRaw(value) || typeof value === "number";
}
