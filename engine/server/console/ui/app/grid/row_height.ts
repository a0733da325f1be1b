// The height of the rows of all lists, as this browser has chosen it.

import { useSyncExternalStore } from "react";

export const ROW_HEIGHTS = [24, 32, 48] as const;
const USUAL = 32;
const PLACE = "fieldstone:row-height";
const listeners = new Set<() => void>();

export function readRowHeight(): number {
  const kept = Number(window.localStorage.getItem(PLACE));
  return ROW_HEIGHTS.find((height) => height === kept) ?? USUAL;
}

export function chooseRowHeight(height: number): void {
  window.localStorage.setItem(PLACE, String(height));
  for (const listener of listeners) listener();
}

/** Return the height of a row in pixels. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, readRowHeight);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
