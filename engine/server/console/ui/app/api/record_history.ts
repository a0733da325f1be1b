// The history of a record: its writes, the newest first.

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { isLater } from "../grid/live.ts";
import { metadata } from "./client.ts";
import { keyOf } from "./keys.ts";
import type { ObjectModel, RecordRow } from "./model.ts";
import HISTORY from "./record_history.graphql";
import { useScope } from "./session_context.ts";

export type RecordEvent = {
  id: string;
  action: "CREATED" | "UPDATED" | "DELETED" | "RESTORED" | "DESTROYED";
  at: string;
  actor: { kind: string; name: string } | null;
  changes: readonly { field: string; before: unknown; after: unknown }[] | null;
};

type Answer = {
  events: { edges: readonly { node: RecordEvent }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
};

/** An event is there a moment after its write, and under some rules never: it is looked for so often. */
const LOOKS = 5;
const LOOK_MILLISECONDS = 500;

/** The history of `row`, read again when its version has changed. */
export function useRecordHistory(object: ObjectModel, row: RecordRow) {
  const scope = useScope();
  return useInfiniteQuery({
    queryKey: keyOf(scope, "events", object.namePlural, row.id, row.updatedAt),
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) =>
      (
        await metadata<Answer>(
          HISTORY,
          { object: object.nameSingular, recordId: row.id, before: pageParam },
          { signal },
        )
      ).events,
    getNextPageParam: (page) => (page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const newest = state.data?.pages[0]?.edges[0]?.node.at;
      const isBehind = newest === undefined || isLater(row.updatedAt, newest);
      return isBehind && state.dataUpdateCount < LOOKS ? LOOK_MILLISECONDS : false;
    },
  });
}
