// The values of a principal as a form has them.

import type { RoleClaim } from "../../api/access.ts";
import type { Field } from "../../api/model.ts";
import { parseText } from "../../fields/registry.ts";

export type Values = Readonly<Record<string, unknown>>;

/** The type of field whose editor a claim has. */
const TYPES: Readonly<Record<string, readonly [string, string?]>> = {
  INT: ["NUMBER", "int"],
  NUMBER: ["NUMBER"],
};

/** Return the field whose editor takes the values of a claim; a list is one of texts. */
export function fieldOfClaim({ name, type, isList }: RoleClaim): Field {
  const [kind = type, dataType] = TYPES[type] ?? [];
  return {
    id: name,
    name,
    label: name,
    type: isList ? "ARRAY" : kind,
    description: null,
    isSystem: false,
    isNullable: true,
    isUnique: false,
    options: [],
    settings: dataType === undefined || isList ? {} : { dataType },
    relation: null,
  };
}

/** Return the values with that of a claim; null is none. */
export function withValue(values: Values, { name, type, isList }: RoleClaim, value: unknown): Values {
  const { [name]: _before, ...rest } = values;
  if (value === null) return rest;
  return { ...rest, [name]: isList && Array.isArray(value) ? value.map((item) => itemOf(type, String(item))) : value };
}

/** Return the values of these claims alone: a form keeps those that were given for another role. */
export function valuesOf(claims: readonly RoleClaim[], values: Values): Values {
  return Object.fromEntries(claims.flatMap(({ name }) => (name in values ? [[name, values[name]]] : [])));
}

// A text that is no such item stays, and is refused by the server by its name.
function itemOf(type: string, text: string): unknown {
  if (type === "BOOLEAN") return text === "true" ? true : text === "false" ? false : text;
  if (type !== "INT" && type !== "NUMBER") return text;
  const parsed = parseText(text, fieldOfClaim({ name: type, type }));
  return "value" in parsed ? parsed.value : text;
}
