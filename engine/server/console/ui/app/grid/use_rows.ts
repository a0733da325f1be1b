// The rows of a list in the browser: sparse pages, their number, and what changes in them.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { records } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";
import { keyOf } from "../api/keys.ts";
import type { Field, ObjectModel, RecordRow } from "../api/model.ts";
import { buildDocuments } from "../api/record_documents.ts";
import { useScope } from "../api/session_context.ts";
import { countRecords } from "../api/start/start.ts";
import { numberOf } from "./number.ts";
import { openPages, PAGE_SIZE, type Page, type Pages } from "./pages.ts";

type Connection = { edges: readonly { cursor: string; node: RecordRow }[]; pageInfo: { hasNextPage: boolean } };

/** A list of records as the server is asked for it. */
export type ListQuery = { filter: object; orderBy: readonly unknown[] };

export type Rows = {
  pages: Pages<RecordRow>;
  /** The number of records under the filter; undefined until some of them are read or counted. */
  count: number | undefined;
  /** The number is that of the records. */
  isExact: boolean;
  /** The records are being counted: the number is that of the filter before, or of those that were read. */
  isCounting: boolean;
  /** The number is PostgreSQL's estimate, since counting takes long. */
  isEstimate: boolean;
  /** The records cannot be counted, and more of them follow those that were read: the number has one of them. */
  isOpen: boolean;
  error: unknown;
  /** Ask for the rows from `first` to `last`. */
  show(first: number, last: number): void;
  /** Read the pages that are shown and the number again. */
  refresh(): void;
};

/** The rows that are asked for before the grid has measured its height. */
const FIRST_ROWS = 30;
/** A number that takes longer than this is estimated meanwhile. */
const SLOW_MILLISECONDS = 400;
const MANY = 1_000_000;

/** Return the rows of `object` with `fields` in them, for as long as the query stays the same. */
export function useRows(object: ObjectModel, fields: readonly Field[], query: ListQuery): Rows {
  // The document has the names of the object and its fields: after a rename it is another one.
  const key = JSON.stringify([buildDocuments(object, fields).page, query]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for all that the store is made of.
  const store = useMemo(() => openStore(object, fields, query), [key]);
  const range = useRef<readonly [number, number]>([0, FIRST_ROWS]);
  useSyncExternalStore(store.subscribe, store.version);
  const count = useCount(object, query.filter);
  const refreshCount = count.refetch;
  const estimate = useEstimate(object, query.filter, count.isPending && !object.isUncounted);
  // A new list shows the rows at the same place; requests of the old one end.
  useEffect(() => {
    store.pages.show(...range.current);
    return () => store.pages.close();
  }, [store]);
  const show = useCallback(
    (first: number, last: number) => {
      range.current = [first, last];
      store.pages.show(first, last);
    },
    [store],
  );
  const refresh = useCallback(() => {
    store.pages.refresh();
    if (!object.isUncounted) void refreshCount();
  }, [store, refreshCount, object.isUncounted]);
  const extent = store.pages.extent();
  return {
    pages: store.pages,
    ...numberOf({
      // A role that may no longer count keeps no number of before.
      counted: object.isUncounted ? undefined : count.data,
      isOfBefore: count.isPlaceholderData,
      estimate,
      canCount: !object.isUncounted && !count.error,
      extent,
      // A page behind the end of the list has no row, and says nothing about the rows before it.
      isWhole: extent?.isEnd === true && (extent.rows === 0 || store.pages.row(extent.rows - 1) !== undefined),
    }),
    error: store.error() ?? (extent === null ? count.error : null),
    show,
    refresh,
  };
}

function openStore(object: ObjectModel, fields: readonly Field[], query: ListQuery) {
  const document = buildDocuments(object, fields).page;
  const listeners = new Set<() => void>();
  let version = 0;
  let error: unknown = null;
  const tell = () => {
    version++;
    for (const listener of listeners) listener();
  };
  const pages = openPages<RecordRow>(
    async (place, signal): Promise<Page<RecordRow>> => {
      const rows: RecordRow[] = [];
      let endCursor: string | null = null;
      let isLast = false;
      // A role's pages may be shorter than those of the list.
      while (rows.length < PAGE_SIZE && !isLast) {
        const after: string | null = endCursor ?? place.after;
        const behind = after === null ? { offset: place.offset } : { after };
        const variables = { ...query, first: PAGE_SIZE - rows.length, ...behind };
        const answer: Record<string, Connection> = await records(document, variables, { signal });
        const { edges, pageInfo } = answer[object.namePlural] ?? { edges: [], pageInfo: { hasNextPage: false } };
        rows.push(...edges.map((edge) => edge.node));
        endCursor = edges.at(-1)?.cursor ?? endCursor;
        isLast = !pageInfo.hasNextPage || edges.length === 0;
      }
      return { rows, endCursor, isLast };
    },
    () => {
      error = null;
      tell();
    },
    (failure) => {
      error = failure;
      tell();
      return failure instanceof ApiError ? failure.retryIn : null;
    },
  );
  return {
    pages,
    version: () => version,
    error: () => error,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return the estimate of the number of all records while they are being counted, if there are more than a million. */
function useEstimate(object: ObjectModel, filter: object, isCounting: boolean): number | undefined {
  const scope = useScope();
  const [isSlow, setSlow] = useState(false);
  const isAll = Object.keys(filter).length === 0;
  useEffect(() => {
    if (!isCounting) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [isCounting]);
  const found = useQuery({
    queryKey: keyOf(scope, "records", object.namePlural, "estimate"),
    enabled: isSlow && isAll,
    // A role that may not count has no estimate; its count is refused where it is asked for.
    retry: false,
    queryFn: async ({ signal }) => (await countRecords([object.nameSingular], signal)).get(object.nameSingular) ?? 0,
  });
  // The estimate of all records is kept, and is none of those under a filter.
  return isAll && found.data !== undefined && found.data > MANY ? found.data : undefined;
}

/** Return the number of records under a filter; it is asked for apart from the rows, if the role may count them. */
export function useCount(object: ObjectModel, filter: object) {
  const scope = useScope();
  return useQuery({
    enabled: !object.isUncounted,
    queryKey: keyOf(scope, "records", object.namePlural, "count", filter),
    queryFn: async ({ signal }) => {
      const document = buildDocuments(object, []).count;
      const answer = await records<Record<string, { totalCount: number }>>(document, { filter }, { signal });
      return answer[object.namePlural]?.totalCount ?? 0;
    },
    // A number that was counted before is no answer to an action that means all of them.
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
}
