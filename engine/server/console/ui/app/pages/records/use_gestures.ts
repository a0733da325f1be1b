// The commands of the grid on a list of records: edit, clear, fill, copy, paste, undo, select.

import { useRef, useState } from "react";
import { inputName, type RecordRow } from "../../api/model.ts";
import { MAXIMUM_RECORDS } from "../../api/record_documents.ts";
import { newWriteKey, PASTED_BEFORE, type WriteKey } from "../../api/row_writes.ts";
import { copyText, mayGive, parseText, refusalOf } from "../../fields/registry.ts";
import { fromTsv, spread, toHtml, toTsv } from "../../grid/clipboard.ts";
import { readValue } from "../../grid/edits.ts";
import type { Command } from "../../grid/keys.ts";
import { cellKey } from "../../grid/marks.ts";
import { KEPT_ROWS } from "../../grid/pages.ts";
import { clearRows, type Range, rangeOf, toggleRows } from "../../grid/selection.ts";
import { type CellEdit, TOO_MANY } from "../../grid/use_edits.ts";
import { plural } from "../../kit/numbers.ts";
import type { List } from "./use_list.ts";

export type Paste = {
  edits: readonly CellEdit[];
  created: readonly Readonly<Record<string, unknown>>[];
  problems: readonly string[];
  /** The columns of the clipboard for which the list shows no column. */
  leftOut: number;
  /** The text of the clipboard. */
  text: string;
  key: WriteKey;
};

export type Ways = {
  edit(row: number, column: number, text: string | null): void;
  open(record: RecordRow): void;
  openPage(record: RecordRow): void;
  create(): void;
  dropDraft(): void;
  /** Ask about the end of all records that match. */
  removeAll(): void;
};

/** More cells than this are shown before they are written. */
const PREVIEWED_CELLS = 50;
/** The answer to a write with a key has 1 MiB at most: ids and versions of new records, and the values of the others. */
const KEYED_RECORDS = 5_000;
const KEYED_CHARACTERS = 100_000;
const TOO_MANY_TO_COPY = `At most ${KEPT_ROWS} records are copied at once. Export the list to have all of them.`;
const NEEDS_RANGE = "All records are selected, and this needs a range of cells: Escape leaves the selection.";
const TOO_MANY_TO_SELECT = `At most ${KEPT_ROWS} records are selected by a range. Ctrl+A selects all that match.`;

export function useGestures(list: List, ways: Ways) {
  const [paste, setPaste] = useState<Paste | null>(null);
  // The paste whose write failed, and may have been made: the same text is written once.
  const unsure = useRef<{ text: string; key: WriteKey } | null>(null);
  const { object, may, rows, shown, selection, setSelection, edits, isTrash } = list;
  const range = rangeOf(selection);
  const columns = shown.slice(range.left, range.right + 1);

  function recordsBetween(top: number, bottom: number): RecordRow[] {
    const found: RecordRow[] = [];
    for (let index = top; index <= bottom; index++) {
      const row = rows.pages.row(index);
      if (row) found.push(edits.shown(row));
    }
    return found;
  }

  /** Call `act` with all records between two rows, which are read if they are not here; too many of them are refused. */
  function withRecords(
    { top, bottom }: Pick<Range, "top" | "bottom">,
    most: number,
    refusal: string,
    act: (records: readonly RecordRow[]) => void,
  ): void {
    // Rows that were not counted yet may follow the last one that was read.
    const last = rows.isCounting || rows.isOpen ? bottom : Math.min(bottom, (rows.count ?? 0) - 1);
    const here = last - top < most ? recordsBetween(top, last) : [];
    if (last - top >= most) edits.fail(refusal);
    // A key that follows at once finds the gesture done.
    else if (here.length > last - top) act(here);
    else {
      rows.pages.load(top, last).then(
        () => act(recordsBetween(top, last)),
        (error: unknown) => edits.fail(`The records of the range cannot be read: ${error}`),
      );
    }
  }

  /** Return whether the role lacks the right, and say so: the server would refuse all of it. */
  function isRefused(action: keyof List["may"]): boolean {
    if (!may[action]) edits.fail(`Your role does not ${action} ${object.labelPlural}.`);
    return !may[action];
  }

  /** Return whether all records are selected, which are no range of cells, and say so. */
  function isAll(): boolean {
    if (selection.all) edits.fail(NEEDS_RANGE);
    return selection.all;
  }

  function copy() {
    if (isAll()) return null;
    const last = Math.min(range.bottom, (rows.count ?? 0) - 1);
    const here = recordsBetween(range.top, last);
    if (last < range.top) return null;
    if (here.length <= last - range.top) {
      withRecords(range, KEPT_ROWS, TOO_MANY_TO_COPY, (records) =>
        edits.tell(`${plural(records.length, "record")} had to be read first. Copy them once more.`),
      );
      return null;
    }
    const cells = here.map((record) => columns.map(({ field }) => copyText(readValue(record, field), field)));
    return { text: toTsv(cells), html: toHtml(cells) };
  }

  /** Return the columns of the range that the role may change; if there is none, a sentence says so. */
  function writable(): typeof columns {
    const found = columns.filter(({ field }) => mayGive(field, "update"));
    const [first] = columns;
    if (found.length === 0 && first) edits.fail(refusalOf(first.field, "update") ?? "");
    return found;
  }

  function clear(records: readonly RecordRow[]): void {
    const written = writable();
    const cells = records.flatMap((record) => written.map(({ field }) => ({ record, field, value: null, text: "" })));
    void edits.write(`Emptied ${plural(cells.length, "cell")}`, cells);
  }

  function fillDown([first, ...others]: readonly RecordRow[]): void {
    if (!first) return;
    const written = writable();
    const cells = others.flatMap((record) =>
      written.map(({ field }) => ({
        record,
        field,
        value: readValue(first, field),
        text: copyText(readValue(first, field), field),
      })),
    );
    void edits.write(`Filled ${plural(cells.length, "cell")}`, cells);
  }

  function startPaste(text: string): void {
    if (isTrash || isAll() || isRefused("update")) return;
    const key = unsure.current?.text === text ? unsure.current.key : newWriteKey(PASTED_BEFORE);
    const cells = spread(fromTsv(text), range.bottom - range.top + 1, range.right - range.left + 1);
    withRecords({ top: range.top, bottom: range.top + cells.length - 1 }, MAXIMUM_RECORDS, TOO_MANY, () => {
      const next = readPaste(cells, text, key);
      const count = next.edits.length + next.created.length;
      if (next.problems.length + next.leftOut + next.created.length > 0 || count > PREVIEWED_CELLS) setPaste(next);
      else void finishPaste(next);
    });
  }

  // Cells below the last record are new records.
  function readPaste(cells: readonly (readonly string[])[], text: string, key: WriteKey): Paste {
    const found: CellEdit[] = [];
    const created: Record<string, unknown>[] = [];
    const problems: string[] = [];
    for (const [down, texts] of cells.entries()) {
      const index = range.top + down;
      const record = rows.pages.row(index);
      const data: Record<string, unknown> = {};
      for (const [across, text] of texts.entries()) {
        const field = shown[range.left + across]?.field;
        if (!field) continue;
        const refusal = refusalOf(field, record ? "update" : "create");
        const parsed = refusal === null ? parseText(text, field) : { problem: refusal };
        if ("problem" in parsed) problems.push(`Row ${down + 1}, ${field.label}: ${parsed.problem}`);
        else if (record) found.push({ record, field, value: parsed.value, text });
        else data[inputName(field)] = parsed.value;
      }
      if (!record) created.push(data);
    }
    const leftOut = Math.max(0, range.left + (cells[0]?.length ?? 0) - shown.length);
    return { edits: found, created, problems, leftOut, text, key };
  }

  async function finishPaste(next: Paste): Promise<void> {
    setPaste(null);
    const count = next.edits.length + next.created.length;
    const label =
      next.created.length > 0 ? `Pasted ${plural(count, "value")}` : `Pasted ${plural(next.edits.length, "cell")}`;
    // The versions of its records keep a paste that creates none from a second effect.
    const characters = next.edits.reduce((sum, { text }) => sum + text.length, 0);
    const isKept = next.created.length <= KEYED_RECORDS && characters <= KEYED_CHARACTERS;
    const key = next.created.length > 0 && isKept ? next.key : undefined;
    const isWritten = await edits.write(label, next.edits, next.created, key);
    unsure.current = isWritten ? null : { text: next.text, key: next.key };
  }

  function leave(): void {
    if (selection.cell.row === rows.count) ways.dropDraft();
    const record = rows.pages.row(selection.cell.row);
    const field = shown[selection.cell.column]?.field;
    if (record && field) edits.dropRefusal(cellKey(record.id, field.id));
    setSelection((before) => ({ ...clearRows(before), anchor: before.cell }));
  }

  function selectColumn(): void {
    const last = (rows.count ?? 1) - 1;
    setSelection((before) => ({
      ...before,
      anchor: { row: 0, column: before.cell.column },
      cell: { row: last, column: before.cell.column },
    }));
  }

  /** Choose the rows of a range, or leave them if all of them are chosen. */
  function selectRows(chosen: Pick<Range, "top" | "bottom">): void {
    withRecords(chosen, KEPT_ROWS, TOO_MANY_TO_SELECT, (records) =>
      setSelection((before) =>
        toggleRows(
          before,
          records.map((row) => row.id),
        ),
      ),
    );
  }

  function run(command: Exclude<Command, { do: "move" }>): void {
    const record = rows.pages.row(selection.cell.row);
    switch (command.do) {
      case "edit":
        if (selection.cell.row !== rows.count && isRefused("update")) break;
        ways.edit(selection.cell.row, selection.cell.column, command.text);
        break;
      case "open":
        if (record) ways.open(record);
        break;
      case "openPage":
        if (record) ways.openPage(record);
        break;
      case "selectRow":
        selectRows(range);
        break;
      case "selectColumn":
        selectColumn();
        break;
      case "selectAll":
        if (object.isUncounted)
          edits.fail(`Your role does not count ${object.labelPlural}: select the records themselves.`);
        else setSelection((before) => ({ ...clearRows(before), all: !before.all }));
        break;
      case "clear":
        if (isTrash || isRefused(selection.all || selection.rows.size > 0 ? "delete" : "update")) break;
        if (selection.all) ways.removeAll();
        else if (selection.rows.size > 0) void edits.move("removeMany", [...selection.rows]);
        else withRecords(range, MAXIMUM_RECORDS, TOO_MANY, clear);
        break;
      case "fillDown":
        if (!isTrash && !isAll() && !isRefused("update")) withRecords(range, MAXIMUM_RECORDS + 1, TOO_MANY, fillDown);
        break;
      case "undo":
        void edits.step(true);
        break;
      case "redo":
        void edits.step(false);
        break;
      case "newRow":
        if (!isTrash && !isRefused("create")) ways.create();
        break;
      case "leave":
        leave();
        break;
    }
  }

  return { run, copy, selectRows, startPaste, finishPaste, paste, dropPaste: () => setPaste(null) };
}

export type Gestures = ReturnType<typeof useGestures>;
