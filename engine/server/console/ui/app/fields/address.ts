// The addresses outside of the console that values lead to: those of links, of mail and of telephones.

import { isObject } from "../api/exact_json.ts";
import type { FieldLike } from "./field_type.ts";

export type Outside = { href: string; verb: "Open" | "Write" | "Call" };

/** Return the address of a value of LINKS, EMAILS or PHONES; null for one that a browser should not follow. */
export function outsideOf(value: unknown, { type }: Pick<FieldLike, "type">): Outside | null {
  if (!isObject(value)) return null;
  const part = (name: string) => (typeof value[name] === "string" ? (value[name] as string).trim() : "");
  if (type === "LINKS") {
    const href = webAddress(part("primaryLinkUrl"));
    return href === null ? null : { href, verb: "Open" };
  }
  if (type === "EMAILS" && part("primaryEmail").includes("@")) {
    // A question mark would begin the headers of a mail, and a comma another address.
    const address = part("primaryEmail").split("@").map(encodeURIComponent).join("@");
    return { href: `mailto:${address}`, verb: "Write" };
  }
  const number = part("primaryPhoneNumber");
  const code = number.startsWith("+") ? "" : part("primaryPhoneCallingCode");
  const digits = `${code}${number}`.replaceAll(/[^+\d]/g, "");
  return type === "PHONES" && /\d/.test(number) ? { href: `tel:${digits}`, verb: "Call" } : null;
}

/** The beginning of an address without a scheme, as in `a.example:8080/b`: its host looks like one. */
const HOST_AND_PORT = /^[^:/?#]+\.[^:/?#]+:\d/;

// A text without a scheme is a host; of all schemes, `javascript:` among them, only these two are pages elsewhere.
function webAddress(text: string): string | null {
  const address = URL.canParse(text) && !HOST_AND_PORT.test(text) ? text : `https://${text}`;
  if (text === "" || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return ["http:", "https:"].includes(protocol) ? href : null;
}
