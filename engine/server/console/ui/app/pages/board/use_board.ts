// The data of a board: totals by column, the cards of each, and moves between them.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { records } from "../../api/client.ts";
import { exactText } from "../../api/exact_json.ts";
import { areaOf, keyOf } from "../../api/keys.ts";
import type { Field, ObjectModel, RecordRow } from "../../api/model.ts";
import { readAgain } from "../../api/read_again.ts";
import { buildDocuments } from "../../api/record_documents.ts";
import { writeRows } from "../../api/row_writes.ts";
import { useScope } from "../../api/session_context.ts";
import type { Filter } from "../../filter/tree.ts";
import { OwnVersions } from "../../grid/own_versions.ts";
import { type BoardColumn, CARDS, filterOf, summedField, totalsDocument } from "./board.ts";

export interface Board {
  object: ObjectModel;
  field: Field;
  /** The fields of the cards, that of the columns among them. */
  shown: readonly Field[];
  filter: Filter;
  orderBy: readonly unknown[];
}

export interface Total {
  count: number;
  /** Its digits as the server has them; null where nothing is added up. */
  sum: string | null;
}

interface Group {
  key: Readonly<Record<string, string | null>>;
  count: number;
  sum?: Readonly<Record<string, unknown>>;
}

/** The totals of the columns by their values, if the role may count the records. */
export function useTotals({ object, field, filter }: Board) {
  const scope = useScope();
  const summed = summedField(object);
  const document = totalsDocument(object, field, summed);
  return useQuery({
    // The document has the names of the object and its fields: after a rename it is another one.
    queryKey: keyOf(scope, "records", object.namePlural, "board totals", document, filter),
    refetchOnMount: "always",
    enabled: !object.isUncounted,
    queryFn: async ({ signal }) => {
      const answer = await records<Readonly<Record<string, readonly Group[]>>>(document, { filter }, { signal });
      const groups = answer[`${object.namePlural}GroupBy`] ?? [];
      return new Map<string | null, Total>(
        groups.map(({ key, count, sum }) => {
          const value = summed === null ? null : sum?.[summed.name];
          const text = value === null || value === undefined ? null : exactText(value);
          return [key[field.name] ?? null, { count, sum: text }];
        }),
      );
    },
  });
}

type Page = { edges: readonly { cursor: string; node: RecordRow }[]; pageInfo: { hasNextPage: boolean } };

/** The cards of a column, fifty at a time. */
export function useCards(board: Board, column: BoardColumn) {
  const { object, field, shown, filter, orderBy } = board;
  const scope = useScope();
  const document = buildDocuments(object, shown).page;
  return useInfiniteQuery({
    queryKey: keyOf(scope, "records", object.namePlural, "board", document, field.id, column.value, filter, orderBy),
    refetchOnMount: "always",
    queryFn: async ({ pageParam, signal }) => {
      const variables = { filter: filterOf(field, column, filter), orderBy, first: CARDS, after: pageParam };
      const answer = await records<Readonly<Record<string, Page>>>(document, variables, {
        signal,
      });
      return answer[object.namePlural] as Page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ edges, pageInfo }) => (pageInfo.hasNextPage ? (edges.at(-1)?.cursor ?? null) : null),
  });
}

interface Move {
  row: RecordRow;
  value: string | null;
}

/** The moves of cards. A card stays where it was dropped while its write is under way, and returns if that is refused. */
export function useMoves({ object, field, shown }: Board) {
  const scope = useScope();
  const client = useQueryClient();
  const [under, setUnder] = useState<ReadonlyMap<string, Move>>(new Map());
  // The state of a mutation is that of the last move alone.
  const [error, setError] = useState<Error | null>(null);
  const versions = useRef(new OwnVersions());
  const write = useMutation({
    // One behind the other: a card that is moved again stays where it was dropped last.
    scope: { id: `moves of ${object.namePlural}` },
    mutationFn: async ({ row, value }: Move) => {
      const updatedAt = versions.current.latest(row.id, row.updatedAt);
      const { updated } = await writeRows(object, shown, [{ id: row.id, data: { [field.name]: value }, updatedAt }]);
      for (const written of updated) versions.current.note(row.id, updatedAt, written.updatedAt);
    },
    onMutate: (move) => setUnder((before) => new Map(before).set(move.row.id, move)),
    onError: setError,
    onSettled: async (_result, _error, move) => {
      await readAgain(client, areaOf(scope, "records", object.namePlural));
      setUnder((before) => new Map([...before].filter(([, one]) => one !== move)));
    },
  });
  return { move: write.mutate, error, drop: () => setError(null), under };
}
