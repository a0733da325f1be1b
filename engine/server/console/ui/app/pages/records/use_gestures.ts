// The commands of the grid on a list of records: edit, clear, fill, copy, paste, undo, select.

import { useState } from "react";

import type { Field, RecordRow } from "../../api/model.ts";
import { copyText, isEditable, parseText } from "../../fields/registry.ts";
import { fromTsv, spread, toHtml, toTsv } from "../../grid/clipboard.ts";
import { readValue } from "../../grid/edits.ts";
import type { Command } from "../../grid/keys.ts";
import { cellKey } from "../../grid/marks.ts";
import { clearRows, rangeOf, toggleRows } from "../../grid/selection.ts";
import type { CellEdit } from "../../grid/use_edits.ts";
import type { List } from "./use_list.ts";

export type Paste = {
  edits: readonly CellEdit[];
  created: readonly Readonly<Record<string, unknown>>[];
  problems: readonly string[];
};

export type Ways = {
  edit(row: number, column: number, text: string | null): void;
  open(record: RecordRow): void;
  openPage(record: RecordRow): void;
  create(): void;
};

/** More cells than this are shown before they are written. */
const PREVIEWED_CELLS = 50;

export function useGestures(list: List, ways: Ways) {
  const [paste, setPaste] = useState<Paste | null>(null);
  const { rows, shown, selection, setSelection, edits, isTrash } = list;
  const range = rangeOf(selection);
  const columns = shown.slice(range.left, range.right + 1);

  function recordsInRange(): RecordRow[] {
    const found: RecordRow[] = [];
    for (let index = range.top; index <= range.bottom; index++) {
      const row = rows.pages.row(index);
      if (row) found.push(row);
    }
    return found;
  }

  function copy() {
    const cells = recordsInRange().map((record) =>
      columns.map(({ field }) => copyText(readValue(record, field), field)),
    );
    return cells.length === 0 ? null : { text: toTsv(cells), html: toHtml(cells) };
  }

  function clear(): void {
    if (selection.rows.size > 0) {
      void edits.trash([...selection.rows]);
      return;
    }
    const cells = recordsInRange().flatMap((record) =>
      columns.map(({ field }) => ({ record, field, value: null, text: "" })),
    );
    void edits.write(
      `Emptied ${plural(cells.length, "cell")}`,
      cells.filter(({ field }) => isEditable(field)),
    );
  }

  function fillDown(): void {
    const [first, ...others] = recordsInRange();
    if (!first) return;
    const cells = others.flatMap((record) =>
      columns
        .filter(({ field }) => isEditable(field))
        .map(({ field }) => ({
          record,
          field,
          value: readValue(first, field),
          text: copyText(readValue(first, field), field),
        })),
    );
    void edits.write(`Filled ${plural(cells.length, "cell")}`, cells);
  }

  function startPaste(text: string): void {
    if (isTrash) return;
    const cells = spread(fromTsv(text), range.bottom - range.top + 1, range.right - range.left + 1);
    const next = readPaste(cells);
    const count = next.edits.length + next.created.length;
    if (next.problems.length > 0 || count > PREVIEWED_CELLS || next.created.length > 0) setPaste(next);
    else void finishPaste(next);
  }

  // Cells below the last record are new records.
  function readPaste(cells: readonly (readonly string[])[]): Paste {
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
        const parsed = isEditable(field) ? parseText(text, field) : { problem: `${field.label} cannot be changed.` };
        if ("problem" in parsed) problems.push(`Row ${down + 1}, ${field.label}: ${parsed.problem}`);
        else if (record) found.push({ record, field, value: parsed.value, text });
        else data[inputName(field)] = parsed.value;
      }
      if (!record && index >= (rows.count ?? 0)) created.push(data);
      else if (!record) problems.push(`Row ${down + 1} is not loaded; scroll there first.`);
    }
    return { edits: found, created, problems };
  }

  async function finishPaste(next: Paste): Promise<void> {
    setPaste(null);
    const count = next.edits.length + next.created.length;
    await edits.write(
      next.created.length > 0 ? `Pasted ${plural(count, "value")}` : `Pasted ${plural(next.edits.length, "cell")}`,
      next.edits,
      next.created,
    );
  }

  function leave(): void {
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

  function run(command: Exclude<Command, { do: "move" }>): void {
    const record = rows.pages.row(selection.cell.row);
    switch (command.do) {
      case "edit":
        ways.edit(selection.cell.row, selection.cell.column, command.text);
        break;
      case "open":
        if (record) ways.open(record);
        break;
      case "openPage":
        if (record) ways.openPage(record);
        break;
      case "selectRow":
        setSelection((before) =>
          toggleRows(
            before,
            recordsInRange().map((row) => row.id),
          ),
        );
        break;
      case "selectColumn":
        selectColumn();
        break;
      case "selectAll":
        setSelection((before) => ({ ...clearRows(before), all: !before.all }));
        break;
      case "clear":
        if (!isTrash) clear();
        break;
      case "fillDown":
        if (!isTrash) fillDown();
        break;
      case "undo":
        void edits.step(true);
        break;
      case "redo":
        void edits.step(false);
        break;
      case "newRow":
        if (!isTrash) ways.create();
        break;
      case "leave":
        leave();
        break;
    }
  }

  return { run, copy, startPaste, finishPaste, paste, dropPaste: () => setPaste(null) };
}

export type Gestures = ReturnType<typeof useGestures>;

/** Return the name by which an input gives a field: the key of a relation. */
export function inputName(field: Field): string {
  return field.relation ? `${field.name}Id` : field.name;
}

export function plural(count: number, noun: string): string {
  return `${new Intl.NumberFormat("en").format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
