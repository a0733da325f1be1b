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

/** Return the rows of `changed` that are here; none of them if the server does not say. */
export async function readLost(
  object: ObjectModel,
  pages: Pick<Pages<RecordRow>, "find" | "row">,
  query: ListQuery,
  changed: readonly RecordRow[],
): Promise<Lost> {
  const places = changed.flatMap(({ id }) => {
    const index = pages.find((row) => row.id === id)?.index;
    return index === undefined ? [] : [{ id, before: pages.row(index - 1)?.id, after: pages.row(index + 1)?.id }];
  });
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
    return ids.map((id) => {
      if (isFiltered && !found.includes(id)) return [id, "no longer matches the filter"] as const;
      return [id, moved.includes(id) ? "has another place in the order" : undefined] as const;
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
