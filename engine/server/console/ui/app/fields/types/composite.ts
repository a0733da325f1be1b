import { exactText, isObject } from "../../api/exact_json.ts";
import { cut } from "../../kit/texts.ts";
import type { FieldType, Parsed } from "../field_type.ts";
import { problem } from "../field_type.ts";
import { json, SHOWN } from "./json.ts";
import { groupDigits } from "./number.ts";

const MICROS = 1_000_000n;
// A comma is read between groups of three digits only: "12,50" is twelve and a half to some and none of our numbers.
const AMOUNT = /^([+-]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{0,6}))?$/;

function part(value: unknown, name: string): string {
  const found = isObject(value) ? value[name] : null;
  return found === null || found === undefined ? "" : exactText(found);
}

function join(value: unknown, names: readonly string[], separator: string): string {
  return names
    .map((name) => part(value, name))
    .filter((text) => text !== "")
    .join(separator);
}

function further(value: unknown, name: string): string {
  const list = isObject(value) ? value[name] : null;
  return Array.isArray(list) && list.length > 0 ? ` +${list.length}` : "";
}

function hasParts(value: unknown): boolean {
  return !isObject(value) || Object.values(value).some((one) => one !== null);
}

// A copy has the JSON of the parts, so a paste gives all of them back; a text that is no JSON object is read by `short`.
function composite(short: (text: string) => Parsed, rest: Pick<FieldType, "format"> & Partial<FieldType>): FieldType {
  return {
    operators: "none",
    cell: "text",
    editor: "parts",
    shown: true,
    toText: (value) => (hasParts(value) ? JSON.stringify(value) : ""),
    parse: (text, field) => {
      if (!text.trim().startsWith("{")) return short(text.trim());
      const parsed = json.parse(text, field);
      return "problem" in parsed || isObject(parsed.value)
        ? parsed
        : problem("A JSON object has the parts of this field.");
    },
    ...rest,
  };
}

const refuse = (): Parsed => problem("The parts of this field are written as a JSON object.");

export const fullName = composite(
  (text) => {
    const [first = "", ...last] = text.split(/\s+/);
    return { value: { firstName: first, lastName: last.join(" ") || null } };
  },
  { format: (value) => join(value, ["firstName", "lastName"], " ") },
);

export const emails = composite((text) => ({ value: { primaryEmail: text } }), {
  cell: "link",
  format: (value) => part(value, "primaryEmail") + further(value, "additionalEmails"),
});

export const phones = composite((text) => ({ value: { primaryPhoneNumber: text } }), {
  format: (value) =>
    join(value, ["primaryPhoneCallingCode", "primaryPhoneNumber"], " ") + further(value, "additionalPhones"),
});

export const links = composite((text) => ({ value: { primaryLinkUrl: text } }), {
  cell: "link",
  format: (value) =>
    (part(value, "primaryLinkLabel") || part(value, "primaryLinkUrl")) + further(value, "secondaryLinks"),
});

/** Return micros as a decimal with at least two places, exactly. */
export function formatMicros(text: string): string {
  if (!/^-?\d+$/.test(text)) return text;
  const micros = BigInt(text);
  const positive = micros < 0n ? -micros : micros;
  const fraction = String(positive % MICROS)
    .padStart(6, "0")
    .replace(/0{1,4}$/, "");
  return `${micros < 0n ? "-" : ""}${positive / MICROS}.${fraction}`;
}

/** Return the micros of an amount such as 12500.50 or 12,500.50, as text; null if it is no such number. */
export function parseMicros(text: string): string | null {
  const [, sign, whole, fraction = ""] = AMOUNT.exec(text.trim()) ?? [];
  if (whole === undefined) return null;
  const micros = BigInt(whole.replaceAll(",", "")) * MICROS + BigInt(fraction.padEnd(6, "0"));
  return String(sign === "-" ? -micros : micros);
}

/** The amount of a CURRENCY: typed and shown as a decimal, sent in micros. */
export const micros: FieldType = {
  operators: "ordered",
  cell: "number",
  editor: "text",
  shown: true,
  format: (value) => groupDigits(formatMicros(exactText(value))),
  toText: (value) => formatMicros(exactText(value)),
  parse: (text) => {
    const value = parseMicros(text);
    return value === null ? problem("An amount looks like 12500.50, with at most six decimal places.") : { value };
  },
};

export const currency = composite(
  (text) => {
    const [, before, amount = "", after] = /^([A-Za-z]{3})?\s*([\d.,+-]+)\s*([A-Za-z]{3})?$/.exec(text) ?? [];
    const value = parseMicros(amount);
    if (value === null) return problem("An amount looks like 12500.50 EUR.");
    const code = before ?? after;
    return { value: { amountMicros: value, ...(code ? { currencyCode: code.toUpperCase() } : {}) } };
  },
  {
    cell: "number",
    format: (value) => {
      const amount = part(value, "amountMicros");
      return [amount && groupDigits(formatMicros(amount)), part(value, "currencyCode")].filter(Boolean).join(" ");
    },
  },
);

export const address = composite(refuse, {
  format: (value) =>
    [
      part(value, "addressStreet1"),
      part(value, "addressStreet2"),
      join(value, ["addressPostcode", "addressCity"], " "),
      part(value, "addressState"),
      part(value, "addressCountry"),
    ]
      .filter((text) => text !== "")
      .join(", "),
});

function sourceWords(source: string): string {
  return source === "API" ? source : source.toLowerCase().replaceAll("_", " ");
}

export const actor = composite(refuse, {
  shown: false,
  format: (value) => {
    const [name, source] = [part(value, "name"), part(value, "source")];
    return name && source ? `${name} (${sourceWords(source)})` : name || sourceWords(source);
  },
});

export const richText = composite((text) => ({ value: { markdown: text } }), {
  shown: false,
  format: (value) => cut(part(value, "markdown").replaceAll(/\s+/g, " "), SHOWN),
});
