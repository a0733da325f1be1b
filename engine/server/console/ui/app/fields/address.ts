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
  if (type === "EMAILS" && part("primaryEmail").includes("@"))
    return { href: `mailto:${encodeURI(part("primaryEmail"))}`, verb: "Write" };
  const digits = `${part("primaryPhoneCallingCode")}${part("primaryPhoneNumber")}`.replaceAll(/[^+\d]/g, "");
  return type === "PHONES" && part("primaryPhoneNumber") !== "" && digits !== ""
    ? { href: `tel:${digits}`, verb: "Call" }
    : null;
}

// A text without a scheme is a host; of all schemes, `javascript:` among them, only these two are pages elsewhere.
function webAddress(text: string): string | null {
  const url = URL.parse(text) ?? URL.parse(`https://${text}`);
  return url !== null && text !== "" && ["http:", "https:"].includes(url.protocol) ? url.href : null;
}
