// The writes of a list: one mutation and one undo a gesture, conflicts with both values, refused values that stay.

import { useRef, useState } from "react";
import { ApiError, describeFailure, type Failure, isUnsure } from "../api/errors.ts";
import type { Field, ObjectModel, RecordRow } from "../api/model.ts";
import { MAXIMUM_RECORDS, MAXIMUM_WRITTEN } from "../api/record_documents.ts";
import {
  type BulkVerb,
  isChangedMeanwhile,
  isWrittenBefore,
  type MoveVerb,
  readRow,
  refusedUpdate,
  type Update,
  updatesOf,
  type WriteKey,
  type Written,
  writeRows,
  writeWhere,
} from "../api/row_writes.ts";
import { plural, printCount } from "../kit/numbers.ts";
import { type Step, useUnsaved } from "../kit/unsaved.ts";
import { buildChange, changesOf, type Data, readValue } from "./edits.ts";
import { withLater } from "./live.ts";
import { cellKey, type Marks, NO_MARKS, withEntries, without, withoutRecords } from "./marks.ts";
import { OwnVersions, versionsOf, withVersion } from "./own_versions.ts";
import type { Pages } from "./pages.ts";
import * as undo from "./undo.ts";
import { countRefused, unsavedOf } from "./unsaved_edits.ts";

/** A cell's new value in a gesture. */
export type CellEdit = { record: RecordRow; field: Field; value: unknown; text: string };

export type Conflict = { field: Field; mine: CellEdit; theirs: RecordRow };

/** A sentence about a gesture, or about the record with an id. */
export type Notice = { text: string; canUndo: boolean; id?: string | undefined };

export type EditsOptions = {
  object: ObjectModel;
  fields: readonly Field[];
  pages: Pages<RecordRow>;
  /** Called with the records that a write left, for the marks of rows and the number of records. */
  onWritten(rows: readonly RecordRow[], kind: "updated" | "created" | "removed"): void;
  /** Called after a write whose answer was lost: what is shown is to be read again. */
  onUnsure(): void;
  /** Return true if a step leaves what is edited. */
  isLeft(step: Step): boolean;
};

export const TOO_MANY =
  `Nothing was changed: at most ${MAXIMUM_RECORDS} records are changed at once, and ${printCount(MAXIMUM_WRITTEN)} ` +
  "created. Take fewer, edit the selected records together, or import a file.";

const NOT_MOVED = "Your role may not do this with these records, or others have moved them since.";

export function useEdits({ object, fields, pages, onWritten, onUnsure, isLeft }: EditsOptions) {
  const [marks, setMarks] = useState<Marks>(NO_MARKS);
  const history = useRef(undo.EMPTY);
  // An undo that is asked for while its gesture is being written waits for it.
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [problem, setProblem] = useState<Failure | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  // The gestures whose answers are waited for.
  const [underWay, setUnderWay] = useState(0);
  const unsaved = unsavedOf(underWay, countRefused(marks, object.fields), conflict ? "asked" : problem && "told");
  useUnsaved(unsaved && { ...unsaved, isLeft });
  // Own writes come back over the socket: the versions by which they are known.
  const versions = useRef(new OwnVersions());

  function keep(written: Written, kind: "updated" | "created"): void {
    const rows = kind === "updated" ? written.updated : written.created;
    versions.current.add(rows);
    pages.replace(withLater(rows));
    if (rows.length > 0) onWritten(rows, kind);
  }

  function keepUpdates(updates: readonly Update[], written: Written): void {
    for (const [index, row] of written.updated.entries()) {
      versions.current.note(row.id, updates[index]?.updatedAt, row.updatedAt);
    }
    keep(written, "updated");
  }

  function fail(text: string): void {
    setProblem({ title: "Nothing was written.", text });
  }

  function inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const next = queue.current.then(action);
    setUnderWay((before) => before + 1);
    queue.current = next.catch(() => undefined).finally(() => setUnderWay((before) => before - 1));
    return next;
  }

  /** Return the ids of the records that were written: others are not where they were, or not for the role to write. */
  async function writeAll(verb: BulkVerb, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const written = await writeWhere(object, verb, { id: { in: ids } });
    versions.current.add(written);
    setMarks((before) => ({ ...before, refused: withoutRecords(before.refused, ids) }));
    return written.map(({ id }) => id);
  }

  // Two edits of a record in a row begin with the same version: the second changes what the first has left.
  function followOwn(edits: readonly CellEdit[]): CellEdit[] {
    const found = new Map<string, RecordRow>();
    for (const { record } of edits) {
      if (found.has(record.id)) continue;
      const updatedAt = versions.current.latest(record.id, record.updatedAt);
      const here = pages.find((one) => one.id === record.id)?.row;
      found.set(record.id, here && here.updatedAt === updatedAt ? here : withVersion(record, updatedAt));
    }
    return edits.map((edit) => ({ ...edit, record: found.get(edit.record.id) ?? edit.record }));
  }

  /** Return the record with the values whose writes are under way, as they are seen. */
  function shown(record: RecordRow): RecordRow {
    if (marks.pending.size === 0) return record;
    const values = fields
      .filter((field) => !field.relation && marks.pending.has(cellKey(record.id, field.id)))
      .map((field) => [field.name, marks.pending.get(cellKey(record.id, field.id))]);
    return values.length === 0 ? record : { ...record, ...Object.fromEntries(values) };
  }

  /** Show the changed values of a gesture before the server has them, and return the keys of its cells. */
  function show(edits: readonly CellEdit[], changed = edits): string[] {
    const keys = edits.map(({ record, field }) => cellKey(record.id, field.id));
    const shown = changed.map(({ record, field, value }) => [cellKey(record.id, field.id), value] as const);
    setMarks((before) => ({
      ...before,
      pending: withEntries(before.pending, shown),
      refused: without(before.refused, keys),
    }));
    return keys;
  }

  /** Write one gesture: the values of some cells, and new records. */
  async function write(
    label: string,
    given: readonly CellEdit[],
    created: readonly Data[],
    key?: WriteKey,
  ): Promise<boolean> {
    const edits = followOwn(given);
    const changes = changesOf(edits, object.fields);
    const keys = show(edits);
    try {
      if (changes.length === 0 && created.length === 0) return true;
      if (changes.length > MAXIMUM_RECORDS || created.length > MAXIMUM_WRITTEN) {
        fail(TOO_MANY);
        return false;
      }
      setProblem(null);
      const updates = updatesOf(changes, false);
      // The answer to a key is bounded, and the list is read again behind new records.
      const answered = key ? [...new Set(edits.map(({ field }) => field))] : fields;
      const written = await writeRows(object, answered, updates, created, key);
      keepUpdates(updates, written);
      keep(written, "created");
      const next = versionsOf(written.updated);
      const step = {
        label,
        changes: changes.map((change) => ({ ...change, updatedAt: next.get(change.id) })),
        created: written.created.map((row) => row.id),
        trashed: [],
      };
      history.current = undo.push(undo.advanceAll(history.current, next), step);
      if (edits.length > 1 || created.length > 0) setNotice({ text: label, canUndo: true });
      return true;
    } catch (error) {
      if (key && isWrittenBefore(error)) setProblem(key.before);
      else await refuse(error, edits, changes);
      return false;
    } finally {
      setMarks((before) => ({ ...before, pending: without(before.pending, keys) }));
    }
  }

  async function refuse(error: unknown, edits: readonly CellEdit[], changes: readonly undo.Change[]): Promise<void> {
    const id = changes[refusedUpdate(error) ?? 0]?.id;
    const edit = edits.find(({ record }) => record.id === id);
    if (edit && isChangedMeanwhile(error)) {
      await meet(edit, edits.length === 1);
      return;
    }
    if (isUnsure(error)) onUnsure();
    const failure = describeFailure(error);
    if (edits.length === 1 && edit) {
      const key = cellKey(edit.record.id, edit.field.id);
      setMarks((before) => ({
        ...before,
        refused: withEntries(before.refused, [[key, { text: edit.text, message: failure.text }]]),
      }));
    } else setProblem(failure);
  }

  // Another has changed the record. Where the value of this field is as it was read, both changes fit beside each other.
  async function meet(mine: CellEdit, isAlone: boolean): Promise<void> {
    const theirs = await readRow(object, fields, mine.record.id);
    if (theirs === null) {
      fail("Another has deleted this record meanwhile. Your value was not written.");
      return;
    }
    pages.replace(withLater([theirs]));
    if (!isAlone) fail("Another has changed one of these records meanwhile. Nothing was written; try again.");
    else if (buildChange(theirs, mine.field, readValue(mine.record, mine.field)) === null)
      await resolve({ ...mine, record: theirs });
    else setConflict({ field: mine.field, mine, theirs });
  }

  function resolve(mine: CellEdit): Promise<boolean> {
    setConflict(null);
    return write(`Changed ${mine.field.label}`, [mine], []);
  }

  /** Undo the last gesture, or do the last undone one again; refused if another has changed one of its records. */
  async function step(back: boolean): Promise<void> {
    const last = (back ? history.current.done : history.current.undone).at(-1);
    setNotice(null);
    if (!last) return;
    setProblem(null);
    try {
      const { next, left } = await turn(last, back);
      history.current = (back ? undo.undone : undo.redone)(history.current, next);
      const others = left === 0 ? "" : `, but for ${plural(left, "record")} that others have moved or destroyed since`;
      setNotice({ text: `${back ? "Undone" : "Done again"}: ${last.label}${others}`, canUndo: false });
    } catch (error) {
      if (isUnsure(error)) onUnsure();
      // One that is refused for a while can be asked for again.
      const isPassing = error instanceof ApiError && error.retryIn !== null;
      if (back && !isPassing) history.current = undo.dropLast(history.current);
      if (isChangedMeanwhile(error)) fail(`Another has changed a record since. “${last.label}” stays as it is.`);
      else setProblem(describeFailure(error));
    }
  }

  async function turn(last: undo.Step, back: boolean): Promise<{ next: Map<string, string>; left: number }> {
    const updates = updatesOf(last.changes, back).map((update) => ({
      ...update,
      // The turn before may have written the values, and then been refused the records.
      updatedAt: versions.current.latest(update.id, update.updatedAt),
    }));
    const written = updates.length > 0 ? await writeRows(object, fields, updates) : { updated: [], created: [] };
    keepUpdates(updates, written);
    const [removed, restored] = back ? [last.created, last.trashed] : [last.trashed, last.created];
    const moved = [...(await writeAll("removeMany", removed)), ...(await writeAll("restoreMany", restored))];
    if (removed.length > 0 || restored.length > 0) onWritten([], restored.length > 0 ? "created" : "removed");
    return { next: versionsOf(written.updated), left: removed.length + restored.length - moved.length };
  }

  /** Move records to the trash, or out of it. */
  async function move(verb: MoveVerb, ids: readonly string[]): Promise<void> {
    setProblem(null);
    try {
      const moved = await writeAll(verb, ids);
      if (moved.length === 0) return fail(NOT_MOVED);
      const [created, trashed] = verb === "removeMany" ? [[], moved] : [moved, []];
      const label = `Moved ${plural(moved.length, "record")} ${verb === "removeMany" ? "to" : "out of"} the trash`;
      history.current = undo.push(history.current, { label, changes: [], created, trashed });
      setNotice({ text: label, canUndo: true });
      onWritten([], verb === "removeMany" ? "removed" : "created");
    } catch (error) {
      if (isUnsure(error)) onUnsure();
      setProblem(describeFailure(error));
    }
  }

  return {
    marks,
    setMarks,
    conflict,
    problem,
    notice,
    write: (label: string, edits: readonly CellEdit[], created: readonly Data[] = [], key?: WriteKey) => {
      const changed = edits.filter(
        ({ record, field, value }) =>
          marks.pending.has(cellKey(record.id, field.id)) || buildChange(record, field, value) !== null,
      );
      show(edits, changed);
      return inTurn(() => write(label, changed, created, key));
    },
    step: (back: boolean) => inTurn(() => step(back)),
    move: (verb: MoveVerb, ids: readonly string[]) => inTurn(() => move(verb, ids)),
    resolve: (mine: CellEdit) => inTurn(() => resolve(mine)),
    shown,
    isOwn: (id: string, updatedAt: unknown) => versions.current.has(id, updatedAt),
    dropConflict: () => setConflict(null),
    dropProblem: () => setProblem(null),
    dropRefusal: (key: string) => setMarks((before) => ({ ...before, refused: without(before.refused, [key]) })),
    forget: () => {
      history.current = undo.EMPTY;
    },
    tell: (text: string, id?: string) => setNotice({ text, canUndo: false, id }),
    fail,
  };
}

export type Edits = ReturnType<typeof useEdits>;
