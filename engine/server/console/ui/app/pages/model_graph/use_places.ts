// The kept places of objects, and the way to keep others.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { forgetPlaces, keepPlaces, readPlaces } from "../../api/graph/layout.ts";
import type { Place, Places } from "../../api/graph/places.ts";
import { keyOf } from "../../api/keys.ts";
import { useScope, useSession } from "../../api/session_context.ts";

const NONE: Places = new Map();

/** Return the places that everyone has for objects, by id, and the ways to keep and to forget some, for roles that may change the model. */
export function usePlaces() {
  const client = useQueryClient();
  const queryKey = keyOf(useScope(), "preferences", null, "graph");
  const mayKeep = useSession().settings.includes("DATA_MODEL");
  const read = useQuery({ queryKey, queryFn: ({ signal }) => readPlaces(signal) });
  const options = { onSuccess: (places: Places) => client.setQueryData<Places>(queryKey, places) };
  const keeping = useMutation({
    // One behind the other: the last place of an object stays.
    scope: { id: "places" },
    ...options,
    mutationFn: (places: ReadonlyMap<string, Place | null>) => keepPlaces(places),
  });
  const forgetting = useMutation({ ...options, mutationFn: forgetPlaces });
  return {
    places: read.data ?? NONE,
    isReady: read.isFetched,
    error: read.error ?? keeping.error ?? forgetting.error,
    mayKeep,
    keep: keeping.mutate,
    forget: () => forgetting.mutateAsync().then(() => undefined),
  };
}
