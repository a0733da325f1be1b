// Reads and keeps the places of objects in the graph of the model, for everyone in the workspace.

import { metadata } from "../client.ts";
import LAYOUT from "./layout.graphql";
import { decodePlaces, MEMBER, type Place, type Places, patchOf } from "./places.ts";

export async function readPlaces(signal?: AbortSignal): Promise<Places> {
  const answer = await metadata<{ preferences: unknown }>(LAYOUT, {}, { operation: "ConsoleLayout", signal });
  return decodePlaces(answer.preferences);
}

/** Keeps the places of some objects, forgets those that are null, and returns all of them. */
export function keepPlaces(places: ReadonlyMap<string, Place | null>): Promise<Places> {
  return patch(patchOf(places));
}

/** Forgets all places. */
export function forgetPlaces(): Promise<Places> {
  return patch({ [MEMBER]: null });
}

async function patch(preferences: object): Promise<Places> {
  const answer = await metadata<{ setPreferences: unknown }>(
    LAYOUT,
    { patch: preferences },
    { operation: "ConsoleKeepLayout" },
  );
  return decodePlaces(answer.setPreferences);
}
