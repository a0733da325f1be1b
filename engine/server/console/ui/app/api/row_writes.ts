// Writes of records: one mutation a gesture, each record guarded by the version that was read.

import type { Change } from "../grid/undo.ts";
import { records } from "./client.ts";
import { ApiError, type Failure } from "./errors.ts";
import { type Field, hasTrash, type ObjectModel, type RecordRow } from "./model.ts";
import { buildDocuments, buildWriteDocument } from "./record_documents.ts";

export type Update = { id: string; data: Readonly<Record<string, unknown>>; updatedAt: string | undefined };

const KEY_HEADER = "Idempotency-Key";

/**
 * The key of a write that has one effect, with the refusal of a second one with other data; another text after that, since
 * the first belongs to what was written.
 */
export type WriteKey = { text: string; readonly before: Failure };

/** Return another key for a write that has one effect. */
export function newWriteKey(before: Failure = CREATED_BEFORE): WriteKey {
  return { text: newKeyText(), before };
}

// A browser has `randomUUID` on https alone.
function newKeyText(): string {
  return crypto.getRandomValues(new BigUint64Array(2)).join("-");
}

/** Return true if the key of a write was used for other data, which were written. */
export function isWrittenBefore(error: unknown): boolean {
  return error instanceof ApiError && error.code === "CONFLICT" && error.field === KEY_HEADER;
}

/** The refusal of a second press with other values than those of the first one, which were written; a third is free. */
export const CREATED_BEFORE: Failure = {
  title: "A record was created before.",
  text: "The press before, which the server did not answer, has created a record with the values of that moment: look for it. Another press creates a second record.",
};

/** The same of a second paste. */
export const PASTED_BEFORE: Failure = {
  title: "This was pasted before.",
  text: "The paste before, which the server did not answer, has written its values and created its records: look for them. Another paste creates second records.",
};

/** The records as a write left them; of new ones the id and the version. */
export type Written = { updated: readonly RecordRow[]; created: readonly RecordRow[] };

/**
 * Write updates and new records in one transaction; either all of them are kept or none. The same data with the same
 * `key` are written once, however often they are sent; a key whose data were others is replaced, and the write refused.
 */
export async function writeRows(
  object: ObjectModel,
  shown: readonly Field[],
  updates: readonly Update[],
  created: readonly Readonly<Record<string, unknown>>[] = [],
  key?: WriteKey,
): Promise<Written> {
  const document = buildWriteDocument(object, shown, updates.length, created.length > 0);
  const variables: Record<string, unknown> = created.length > 0 ? { created } : {};
  for (const [index, update] of updates.entries()) {
    variables[`id${index}`] = update.id;
    variables[`data${index}`] = update.data;
    if (update.updatedAt !== undefined) variables[`version${index}`] = update.updatedAt;
  }
  const answer = await records<Record<string, RecordRow | RecordRow[]>>(
    document,
    variables,
    key === undefined ? {} : { headers: { [KEY_HEADER]: key.text } },
  ).catch((error: unknown) => {
    if (key && isWrittenBefore(error)) key.text = newKeyText();
    throw error;
  });
  return {
    updated: updates.map((_, index) => answer[`update${index}`] as RecordRow),
    created: (answer.created as RecordRow[] | undefined) ?? [],
  };
}

/** Return the place in the list of updates of the record that a refusal is about; null if it is about none. */
export function refusedUpdate(error: unknown): number | null {
  const root = error instanceof ApiError ? error.problems[0]?.path[0] : undefined;
  const found = /^update(\d+)$/.exec(String(root ?? ""));
  return found ? Number(found[1]) : null;
}

/** Return true if a record was changed by another since its version was read. */
export function isChangedMeanwhile(error: unknown): boolean {
  return error instanceof ApiError && error.code === "CONFLICT" && "current" in (error.problems[0]?.extensions ?? {});
}

/** Return a live record as it is now; null if it is gone. */
export async function readRow(object: ObjectModel, shown: readonly Field[], id: string): Promise<RecordRow | null> {
  const answer = await records<Record<string, RecordRow | null>>(buildDocuments(object, shown).one, { id });
  return answer[object.nameSingular] ?? null;
}

/** Return a record as it is now, live or in the trash, if the role tells these from each other; null if it is gone. */
export async function readAnyRow(object: ObjectModel, shown: readonly Field[], id: string): Promise<RecordRow | null> {
  const live = await readRow(object, shown, id);
  if (live !== null || !hasTrash(object)) return live;
  const filter = { id: { eq: id }, deletedAt: { is: "NOT_NULL" } };
  return (await readRows(object, shown, filter, 1))[0] ?? null;
}

/** Return the first records that a filter takes. */
export async function readRows(
  object: ObjectModel,
  shown: readonly Field[],
  filter: Readonly<Record<string, unknown>>,
  first: number,
  signal?: AbortSignal,
): Promise<RecordRow[]> {
  const document = buildDocuments(object, shown).page;
  const answer = await records<Record<string, { edges: readonly { node: RecordRow }[] }>>(
    document,
    { filter, first },
    { signal },
  );
  return (answer[object.namePlural]?.edges ?? []).map(({ node }) => node);
}

export type MoveVerb = "removeMany" | "restoreMany";
export type BulkVerb = MoveVerb | "destroyMany";

/** Write all records that a filter matches, and return those that were written. */
export async function writeWhere(
  object: ObjectModel,
  verb: BulkVerb,
  filter: object,
): Promise<readonly Pick<RecordRow, "id" | "updatedAt">[]> {
  const answer = await records<Record<string, readonly RecordRow[]>>(buildDocuments(object, [])[verb], { filter });
  return Object.values(answer)[0] ?? [];
}

/** Give all records that a filter matches the same data, and return the number of those that were written. */
export async function updateWhere(object: ObjectModel, filter: object, data: object): Promise<number> {
  const answer = await records<Record<string, readonly unknown[]>>(buildDocuments(object, []).updateWhere, {
    filter,
    data,
  });
  return Object.values(answer)[0]?.length ?? 0;
}

/** Return the updates of an undo (`back`) or of its opposite. */
export function updatesOf(changes: readonly Change[], back: boolean): Update[] {
  return changes.map((change) => ({
    id: change.id,
    data: back ? change.before : change.after,
    updatedAt: change.updatedAt,
  }));
}
