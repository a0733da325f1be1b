// A field for tests: a text that may be empty, unless they say otherwise.

import type { Field } from "../model.ts";

export function fieldOf(name: string, type = "TEXT", rest: Partial<Field> = {}): Field {
  return {
    id: name,
    name,
    label: name,
    type,
    description: null,
    isSystem: false,
    isNullable: true,
    isUnique: false,
    options: [],
    settings: {},
    relation: null,
    ...rest,
  };
}
