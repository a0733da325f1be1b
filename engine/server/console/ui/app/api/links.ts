// The writes that link a record to others by a relation to many, each with its way back.

import { records } from "./client.ts";
import { type Field, inputName, type ObjectModel, otherEnds } from "./model.ts";
import { buildDocuments } from "./record_documents.ts";
import { type MoveVerb, readRow, readRows, updateWhere, writeWhere } from "./row_writes.ts";

/** A write that takes another one back; it is refused if the link is another one meanwhile. */
export type Way = () => Promise<unknown>;

/** One end of a link: the record `id` of `object`, and its relation to many. */
export type End = { object: ObjectModel; id: string; field: Field };

/** The record at the other end, by its id and its name. */
export type Other = { id: string; name: string };

/** The object whose records link two others, and its relations to this record and to the other one. */
export type Pairs = { object: ObjectModel; near: Field; far: Field };

/** Link two records by a record between them. A link that was there before has no way back. */
export async function linkPair(end: End, { object, near, far }: Pairs, other: Other): Promise<Way | null> {
  const filter = { [inputName(near)]: { eq: end.id }, [inputName(far)]: { eq: other.id } };
  const before = await readRows(object, [], filter, 1);
  await writeLink(end, "connect", other.id);
  if (before.length > 0) return null;
  // The link is written: without its id it has no way back.
  const [made] = await readRows(object, [], filter, 1).catch(() => []);
  return made ? () => moveLink(object, "removeMany", made.id) : null;
}

/** Delete a record that links two others, which comes back with all that it has. */
export async function unlinkPair(end: End, { object }: Pairs, link: string): Promise<Way> {
  await writeLink(end, "disconnect", link);
  return () => moveLink(object, "restoreMany", link);
}

/** Make a record of `target` hang on this one. Its way back makes it hang on the record that it hung on before. */
export async function linkOther(end: End, target: ObjectModel, other: Other): Promise<Way | null> {
  const [own, ...others] = keysOf(end, target);
  const row = own && (await readRow(target, [own, ...others], other.id));
  await writeLink(end, "connect", other.id);
  if (!row || row[inputName(own)] === end.id) return null;
  // A key of several objects empties the others by itself: the role may not write all of them.
  const held = others.map(inputName).find((key) => row[key]) ?? inputName(own);
  return () => hang(target, other, { [inputName(own)]: { eq: end.id } }, { [held]: row[held] ?? null });
}

/** Make a record of `target` hang on none; its way back is refused if it hangs on another one meanwhile. */
export async function unlinkOther(end: End, target: ObjectModel, other: Other): Promise<Way | null> {
  const [own, ...others] = keysOf(end, target);
  await writeLink(end, "disconnect", other.id);
  if (!own) return null;
  const free = Object.fromEntries([own, ...others].map((key) => [inputName(key), { is: "NULL" }]));
  return () => hang(target, other, free, { [inputName(own)]: end.id });
}

/** Return the relation of `target` that leads to this end, then its parts that lead to others; none if the role lacks it. */
export function keysOf({ field }: End, target: ObjectModel): readonly Field[] {
  const own = target.fields.find(({ name }) => name === field.relation?.targetField);
  return own ? [own, ...otherEnds(own, target.fields)] : [];
}

async function moveLink(object: ObjectModel, verb: MoveVerb, link: string): Promise<void> {
  const moved = await writeWhere(object, verb, { id: { in: [link] } });
  const words = verb === "restoreMany" ? "restored or destroyed" : "deleted";
  if (moved.length === 0) throw new Error(`The link was ${words} since.`);
}

async function hang(target: ObjectModel, { id, name }: Other, present: object, data: object): Promise<void> {
  const written = await updateWhere(target, { id: { eq: id }, ...present }, data);
  if (written === 0) throw new Error(`${name} was deleted since, or linked to another record.`);
}

async function writeLink({ object, id, field }: End, verb: "connect" | "disconnect", other: string): Promise<void> {
  await records(buildDocuments(object, []).link, { id, data: { [field.name]: { [verb]: [other] } } });
}
