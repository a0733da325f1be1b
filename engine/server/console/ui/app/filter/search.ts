// The search of a list: each word must be in one of its texts.

import type { LabelField } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import type { Filter } from "./tree.ts";

const MOST_WORDS = 8;

/** Return the filter of records that have all words of `text` in their texts, in any of them and in any order. */
export function buildSearch(text: string, fields: readonly LabelField[]): Filter {
  const words = text.trim().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
  const conditions = words.map((word): Filter => {
    const places = fields.flatMap((field) => placesOf(field, word));
    return places.length === 1 ? (places[0] ?? {}) : { or: places };
  });
  const [first] = conditions;
  if (!first || fields.length === 0) return {};
  return conditions.length === 1 ? first : { and: conditions };
}

function placesOf({ name, type, labels }: LabelField, word: string): Filter[] {
  if (type === "TEXT") return [{ [name]: { contains: word } }];
  const inner = labels ?? partsOf(type).filter((part) => part.type === "TEXT");
  return inner.flatMap((one) => placesOf(one, word)).map((place) => ({ [name]: place }));
}

/** Return the filter that requires two filters; an empty one says nothing. */
export function bothOf(one: Filter, other: Filter): Filter {
  if (Object.keys(one).length === 0) return other;
  return Object.keys(other).length === 0 ? one : { and: [one, other] };
}
