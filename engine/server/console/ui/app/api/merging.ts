// The merge of records into one of them: their likely duplicates, the record as it would be, and the write.

import { records } from "./client.ts";
import type { ApiError } from "./errors.ts";
import type { ObjectModel, RecordRow } from "./model.ts";
import { buildDocuments } from "./record_documents.ts";
import { isChangedMeanwhile, readRows } from "./row_writes.ts";

/** The most records that one merge makes one of. */
export const MOST_MERGED = 9;

/** The most likely duplicates that are shown. */
const MOST_ALIKE = 100;

type Connection<Node> = { edges: readonly { node: Node }[] };

/** Return records by their ids, in this order. */
export async function readInOrder(
  object: ObjectModel,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<RecordRow[]> {
  const rows = await readRows(object, object.fields, { id: { in: ids } }, ids.length, signal);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Return the ids of likely duplicates, each of them once and none of the records themselves. */
export function othersOf(alike: readonly Connection<{ id: string }>[], ids: readonly string[]): string[] {
  const found = alike.flatMap(({ edges }) => edges.map(({ node }) => node.id));
  return [...new Set(found)].filter((id) => !ids.includes(id)).slice(0, MOST_ALIKE);
}

/** Return the likely duplicates of records. */
export async function readDuplicates(
  object: ObjectModel,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<RecordRow[]> {
  const document = buildDocuments(object, []).duplicates;
  const answer = await records<Record<string, readonly Connection<{ id: string }>[]>>(document, { ids }, { signal });
  const others = othersOf(answer[`${object.nameSingular}Duplicates`] ?? [], ids);
  return others.length === 0 ? [] : readInOrder(object, others, signal);
}

/**
 * Merge records into the one with the id `stays`, and return it; a dry run writes nothing. The merge is refused if one of
 * the records was changed since it was read.
 */
export async function mergeRows(
  object: ObjectModel,
  rows: readonly RecordRow[],
  stays: string,
  dryRun: boolean,
): Promise<RecordRow> {
  const ids = rows.map(({ id }) => id);
  const versions = rows.flatMap(({ updatedAt }) => updatedAt ?? []);
  const variables = { ids, stays: ids.indexOf(stays), dryRun, ...(versions.length > 0 && { versions }) };
  const answer = await records<Record<string, RecordRow>>(buildDocuments(object, object.fields).merge, variables);
  return Object.values(answer)[0] as RecordRow;
}

/** Return the id of the record that another changed since it was read, and so refuses a merge; null for another error. */
export function changedMeanwhile(error: unknown): string | null {
  if (!isChangedMeanwhile(error)) return null;
  const { rows } = (error as ApiError).problems[0]?.extensions ?? {};
  return (rows as readonly { id: string }[] | undefined)?.[0]?.id ?? null;
}
