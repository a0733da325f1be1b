// The one cache of the server's state.

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError } from "./errors.ts";
import { DOOR_KEY, type Door } from "./session.ts";

const RETRIES = 5;
const STALE_MS = 30_000;

/** Notes the end of the session, which shows the sign-in over the page. */
function noteEnd(error: Error): void {
  if (error instanceof ApiError && error.code === "UNAUTHENTICATED") {
    queries.setQueryData<Door>(DOOR_KEY, (door) => (door === undefined ? door : { ...door, session: null }));
  }
}

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteEnd }),
  mutationCache: new MutationCache({ onError: noteEnd }),
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      refetchOnWindowFocus: false,
      // A query that was refused for a while goes on by itself; a mutation never does.
      retry: (count, error) => error instanceof ApiError && error.retryIn !== null && count < RETRIES,
      retryDelay: (_count, error) => (error instanceof ApiError ? (error.retryIn ?? 0) : 0),
    },
  },
});
