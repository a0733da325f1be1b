// Several values as the text that a person types: separated by commas, and in quotes where one has a comma itself.

import { exactText } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { copyText, parseText } from "../fields/registry.ts";

/** Return the text of a list of values of a field, or of texts where there is none. */
export function printListed(value: unknown, field: Field | null): string {
  const one = itemOf(field);
  const print = (item: unknown) => quote(one ? copyText(item, one) : exactText(item));
  return Array.isArray(value) ? value.map(print).join(", ") : "";
}

function quote(text: string): string {
  return /^$|^\s|\s$|,|^"/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An item in quotes, in which a quote is written twice, or one without. */
const ITEM = /\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))(?:,|$)/gy;

function splitListed(text: string): string[] {
  return [...text.matchAll(ITEM)].flatMap(([, quoted, plain]) => {
    if (quoted !== undefined) return [quoted.replaceAll('""', '"')];
    return plain?.trim() ? [plain.trim()] : [];
  });
}

/** Return the values of a text: null if one is no value of the field. */
export function parseListed(text: string, field: Field | null): readonly unknown[] | null {
  const one = itemOf(field);
  const texts = splitListed(text);
  const values = texts.flatMap((item): unknown[] => {
    const parsed = one ? parseText(item, one) : { value: item };
    return "value" in parsed ? [parsed.value] : [];
  });
  return values.length < texts.length ? null : values;
}

// A list is compared by its items.
function itemOf(field: Field | null): Field | null {
  return field?.type === "ARRAY" ? { ...field, type: "TEXT" } : field;
}
