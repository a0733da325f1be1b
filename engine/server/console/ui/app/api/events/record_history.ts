// The history of a record: its writes, the newest first.

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { isLater } from "../../grid/live.ts";
import { keyOf } from "../keys.ts";
import type { ObjectModel, RecordRow } from "../model.ts";
import { useScope } from "../session_context.ts";
import { listEvents } from "./events.ts";

const FIRST = 20;
/** An event is there a moment after its write, and under some rules never: it is looked for so often. */
const LOOKS = 5;
const LOOK_MILLISECONDS = 500;

/** The history of `row`, read again when its version has changed. */
export function useRecordHistory(object: ObjectModel, row: RecordRow) {
  const scope = useScope();
  return useInfiniteQuery({
    queryKey: keyOf(scope, "events", object.namePlural, row.id, row.updatedAt ?? row),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      listEvents(
        { object: object.nameSingular, recordId: row.id },
        { first: FIRST, before: pageParam, withRecord: false },
        signal,
      ),
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const newest = state.data?.pages[0]?.events[0]?.at;
      const isBehind = newest === undefined || isLater(row.updatedAt, newest);
      return isBehind && state.dataUpdateCount < LOOKS ? LOOK_MILLISECONDS : false;
    },
  });
}
