// The body of a request or an answer, as a person reads it.

import { parseExact } from "../../api/exact_json.ts";

/** Return JSON with a line for each member; any other text, such as one that was cut, stays as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(parseExact(text), null, 2);
  } catch {
    return text;
  }
}
