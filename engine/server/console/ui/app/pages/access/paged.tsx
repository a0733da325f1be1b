// A table whose rows come in pages, and the button for the next one.

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { PageOf } from "../../api/access.ts";
import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Column, Table } from "../../kit/table.tsx";

export interface PagedProps<T extends { id: string }> {
  label: string;
  name: string;
  columns: readonly Column<T>[];
  read: (after: string | null, signal?: AbortSignal) => Promise<PageOf<T>>;
  /** Stands in the place of a table without rows. */
  empty?: ReactNode;
}

export function Paged<T extends { id: string }>({ label, name, columns, read, empty }: PagedProps<T>) {
  const scope = useScope();
  const pages = useInfiniteQuery({
    queryKey: keyOf(scope, "access", null, name),
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      {pages.error && <Problem title={`${label} cannot be read.`} text={pages.error.message} />}
      {pages.data &&
        (rows.length === 0 && empty !== undefined ? (
          empty
        ) : (
          <Table label={label} columns={columns} rows={rows} idOf={({ id }) => id} />
        ))}
      {pages.hasNextPage && (
        <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          More
        </Button>
      )}
    </>
  );
}
