// The rows that a list no longer wants where they are: the server decides about its filter and its order.

import { records } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import type { ObjectModel, RecordRow } from "../../api/model.ts";
import { pageOf } from "../../api/page_limit.ts";
import { buildDocuments, MAXIMUM_PAGE } from "../../api/record_documents.ts";
import type { Pages } from "../../grid/pages.ts";
import { misplaced } from "../../grid/places.ts";
import type { ListQuery } from "../../grid/use_rows.ts";

/** Rows by their ids, with the reason why the list no longer wants each; undefined for a row that it wants as it is. */
export type Lost = readonly (readonly [string, string | undefined])[];

const UNFIT = "no longer matches the filter";
const MOVED = "has another place in the order";

/** Return the marks of rows with those that were read; a row that was deleted meanwhile keeps its mark. */
export function withLost(marks: ReadonlyMap<string, string>, lost: Lost): ReadonlyMap<string, string> {
  const next = new Map(marks);
  for (const [id, reason] of lost) {
    if (![UNFIT, MOVED, undefined].includes(marks.get(id))) continue;
    if (reason === undefined) next.delete(id);
    else next.set(id, reason);
  }
  return next;
}

/**
 * Return the rows of `changed` that are here; none of them if the server does not say. `marked` has those that the list
 * already does not want where they are: they say nothing about the place of another.
 */
export async function readLost(
  object: ObjectModel,
  pages: Pick<Pages<RecordRow>, "find" | "row">,
  query: ListQuery,
  marked: ReadonlyMap<string, string>,
  changed: readonly RecordRow[],
): Promise<Lost> {
  const moving = new Set([...marked.keys(), ...changed.map(({ id }) => id)]);
  function beside(index: number, step: 1 | -1): string | undefined {
    const id = pages.row(index + step)?.id;
    return id !== undefined && moving.has(id) ? beside(index + step, step) : id;
  }
  const places = changed
    .flatMap(({ id }) => {
      const index = pages.find((row) => row.id === id)?.index;
      return index === undefined ? [] : [{ id, index, before: beside(index, -1), after: beside(index, 1) }];
    })
    .sort((one, other) => one.index - other.index);
  const ids = places.map(({ id }) => id);
  const isFiltered = Object.keys(query.filter).length > 0;
  const near = places.flatMap(({ before, id, after }) => [before, id, after]).filter((id) => id !== undefined);
  const asked = query.orderBy.length > 0 ? [...new Set(near)] : ids;
  // Two answers have no common order.
  const isOrdered = query.orderBy.length > 0 && asked.length <= pageOf(MAXIMUM_PAGE);
  if (ids.length === 0 || (!isFiltered && !isOrdered)) return [];
  try {
    const found = await readMatching(object, query, isOrdered ? asked : ids);
    const moved = isOrdered ? misplaced(places, found) : [];
    return ids.flatMap((id): Lost => {
      if (found.includes(id)) return [[id, moved.includes(id) ? MOVED : undefined]];
      // Without a filter, only a deleted row is away.
      return isFiltered ? [[id, UNFIT]] : [];
    });
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** Return those of `ids` that are in a list; of more than a page of them, only each page is in the list's order. */
export async function readMatching(
  object: ObjectModel,
  { filter, orderBy }: ListQuery,
  ids: readonly string[],
): Promise<string[]> {
  const document = buildDocuments({ ...object, labels: [] }, []).options;
  const found: string[] = [];
  const page = pageOf(MAXIMUM_PAGE);
  for (let at = 0; at < ids.length; at += page) {
    const some = ids.slice(at, at + page);
    const answer = await records<Record<string, { edges: readonly { node: { id: string } }[] }>>(document, {
      filter: { and: [filter, { id: { in: some } }] },
      orderBy,
      first: some.length,
    });
    found.push(...(answer[object.namePlural]?.edges ?? []).map((edge) => edge.node.id));
  }
  return found;
}
