// The writes that link a record to others by a relation to many, each with its way back.

import { records } from "./client.ts";
import { type Field, inputName, type ObjectModel, otherEnds } from "./model.ts";
import { buildDocuments } from "./record_documents.ts";
import { readRow, readRows, updateWhere, writeWhere } from "./row_writes.ts";

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
  return before.length > 0 ? null : () => writeWhere(object, "removeMany", filter);
}

/** Delete a record that links two others, which comes back with all that it has. */
export async function unlinkPair(end: End, { object }: Pairs, link: string): Promise<Way> {
  await writeLink(end, "disconnect", link);
  return async () => {
    const restored = await writeWhere(object, "restoreMany", { id: { in: [link] } });
    if (restored.length === 0) throw new Error("The link was restored or destroyed since.");
  };
}

/** Make a record of `target` hang on this one. Its way back makes it hang on the record that it hung on before. */
export async function linkOther(end: End, target: ObjectModel, other: Other): Promise<Way | null> {
  const [own, ...others] = keysOf(end, target);
  const row = own && (await readRow(target, [own, ...others], other.id));
  await writeLink(end, "connect", other.id);
  if (!row || row[inputName(own)] === end.id) return null;
  const before = Object.fromEntries([own, ...others].map((key) => [inputName(key), row[inputName(key)] ?? null]));
  return () => hang(target, other, { [inputName(own)]: { eq: end.id } }, before);
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

async function hang(target: ObjectModel, { id, name }: Other, present: object, data: object): Promise<void> {
  const written = await updateWhere(target, { id: { eq: id }, ...present }, data);
  if (written === 0) throw new Error(`${name} was deleted since, or linked to another record.`);
}

async function writeLink({ object, id, field }: End, verb: "connect" | "disconnect", other: string): Promise<void> {
  await records(buildDocuments(object, []).link, { id, data: { [field.name]: { [verb]: [other] } } });
}
