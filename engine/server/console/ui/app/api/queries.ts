// The one cache of the server's state.

import { QueryClient } from "@tanstack/react-query";

import { onSessionEnd } from "./client.ts";
import { ApiError, isRepeated } from "./errors.ts";
import { DOOR_KEY, type Door } from "./session.ts";
import { shareAnswer } from "./share.ts";

const STALE_MS = 30_000;

export const queries: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      refetchOnWindowFocus: false,
      structuralSharing: shareAnswer,
      // A query that was refused for a while goes on by itself, and waits for a server that is away; a mutation never does.
      retry: isRepeated,
      retryDelay: (_count, error) => (error instanceof ApiError ? (error.retryIn ?? 0) : 0),
    },
    // A browser without a network would keep a write, and make it once there is one, with nobody to see it.
    mutations: { networkMode: "always" },
  },
});

// The sign-in is shown over the page.
onSessionEnd(() =>
  queries.setQueryData<Door>(DOOR_KEY, (door) => (door === undefined ? door : { ...door, session: null })),
);
