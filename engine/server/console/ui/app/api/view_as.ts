// The role that the pages are seen as: requests carry it in the header X-Fieldstone-Role, for as long as the page lives.

import { useSyncExternalStore } from "react";

let viewed: string | null = null;
const listeners = new Set<() => void>();

/** The role whose rights requests have in the place of the session's own; null for the session's own. */
export function viewedRole(): string | null {
  return viewed;
}

/** Lets all further requests have the rights of a role; null ends that. */
export function viewAs(role: string | null): void {
  viewed = role;
  for (const listener of listeners) {
    listener();
  }
}

export function useViewedRole(): string | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, viewedRole);
}
