// Reads queries again, so that nothing of a read that began before is shown.

import type { Query, QueryClient } from "@tanstack/react-query";

/** Read all queries under a key again; a read that is under way may be too old, and is made again as well. */
export async function readAgain(
  client: QueryClient,
  queryKey: readonly unknown[],
  predicate: (query: Query) => boolean = () => true,
): Promise<void> {
  // TanStack Query would take the answer of a first read that is under way for one to this call.
  await client.cancelQueries({ queryKey, predicate });
  await client.invalidateQueries({ queryKey, predicate });
}
