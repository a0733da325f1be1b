// The places of objects in the graph of the model, as the preference `model.layout` of the workspace has them.

import { isObject } from "../exact_json.ts";

export const MEMBER = "model.layout";

export interface Place {
  x: number;
  y: number;
}

/** The upper left corners of objects, by their ids. */
export type Places = ReadonlyMap<string, Place>;

/** Return the patch that keeps places, and forgets those that are null; others stay. */
export function patchOf(places: ReadonlyMap<string, Place | null>): object {
  const members = [...places].map(([id, place]) => [id, place && [Math.round(place.x), Math.round(place.y)]]);
  return { [MEMBER]: Object.fromEntries(members) };
}

/** The farthest coordinate: beyond some 10^15 a step to the next place is lost in a number of 64 bits. */
const FARTHEST = 1_000_000;

/** Return the places among preferences; any client writes there, so that all but pairs of near numbers is left out. */
export function decodePlaces(preferences: unknown): Places {
  const layout = isObject(preferences) ? preferences[MEMBER] : undefined;
  const members = isObject(layout) ? Object.entries(layout) : [];
  return new Map(
    members.flatMap(([id, pair]): [string, Place][] => {
      const [x, y]: unknown[] = Array.isArray(pair) ? pair : [];
      return isNear(x) && isNear(y) ? [[id, { x, y }]] : [];
    }),
  );
}

function isNear(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= FARTHEST;
}
