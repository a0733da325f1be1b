import { exactNumber, exactText } from "../../api/exact_json.ts";
import type { FieldLike, FieldType, Parsed } from "../field_type.ts";
import { problem } from "../field_type.ts";

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i;
const WHOLE = /^[+-]?\d+$/;

/** Return the digits of a number in groups of three; the text is a plain decimal, and no digit is lost. */
export function groupDigits(text: string): string {
  const found = /^(-?)(\d+)(\.\d+)?$/.exec(text);
  if (!found) return text;
  return `${found[1]}${(found[2] ?? "").replace(/\B(?=(\d{3})+$)/g, ",")}${found[3] ?? ""}`;
}

function dataType(field: FieldLike): string {
  return typeof field.settings.dataType === "string" ? field.settings.dataType : "decimal";
}

function parseNumber(text: string, field: FieldLike): Parsed {
  const trimmed = text.trim();
  const kind = field.type === "NUMBER" ? dataType(field) : field.type === "POSITION" ? "decimal" : "numeric";
  if (kind === "int" || kind === "bigint") {
    if (!WHOLE.test(trimmed)) return problem("This field has whole numbers, such as 42.");
    const [bits, limit] = kind === "int" ? [32, 2n ** 31n] : [64, 2n ** 63n];
    const whole = BigInt(trimmed.replace(/^\+/, ""));
    if (whole < -limit || whole >= limit) return problem(`The number needs more than ${bits} bits.`);
    return { value: kind === "int" ? Number(whole) : String(whole) };
  }
  if (!DECIMAL.test(trimmed))
    return problem("This field has numbers, such as 12500.50, with a point and without spaces.");
  return { value: kind === "numeric" ? plain(trimmed) : exactNumber(plain(trimmed)) };
}

// JSON has neither a plus sign nor a number that begins or ends with the point.
function plain(text: string): string {
  return text
    .replace(/^\+/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/\.(?=e|$)/i, "")
    .replace(/^(-?)0+(?=\d)/, "$1");
}

export const number: FieldType = {
  operators: "ordered",
  cell: "number",
  editor: "text",
  shown: true,
  format: (value) => groupDigits(exactText(value)),
  toText: exactText,
  parse: parseNumber,
};

export const position: FieldType = { ...number, shown: false };
