// The grid of a list of records.

import type { RefObject } from "react";

import { isObject } from "../../api/exact_json.ts";
import { type Field, inputName, type RecordRow } from "../../api/model.ts";
import { base } from "../../api/place.ts";
import { outsideOf } from "../../fields/address.ts";
import { Cell } from "../../fields/cell.tsx";
import { RecordName } from "../../fields/record_name.tsx";
import { isLocked, mayGive, NULL_TEXT, typeOf } from "../../fields/registry.ts";
import { CellLink } from "../../grid/cell_link.tsx";
import { resize } from "../../grid/columns.ts";
import { Grid } from "../../grid/grid.tsx";
import { cellKey } from "../../grid/marks.ts";
import { nextOrder, orderPath } from "../../grid/order.ts";
import type { RowView } from "../../grid/row.tsx";
import type { Selection } from "../../grid/selection.ts";
import type { Address } from "./address.ts";
import { DRAFT_ID, type Draft } from "./use_draft.ts";
import type { Gestures } from "./use_gestures.ts";
import type { List } from "./use_list.ts";

export type RecordsGridProps = {
  list: List;
  gridRef: RefObject<HTMLDivElement | null>;
  gestures: Gestures;
  draft: Draft;
  onAddress(change: Partial<Address>): void;
};

const END = ["number", "count"];
const SHOWN_CHARACTERS = 500;

export function RecordsGrid({ list, gridRef, gestures, draft, onAddress }: RecordsGridProps) {
  const { shown, rows, selection, setSelection, edits, order } = list;

  function viewRow(index: number): RowView | undefined {
    if (index === rows.count) return viewDraft();
    const row = rows.pages.row(index);
    if (!row) return undefined;
    const record = edits.shown(row);
    return {
      key: record.id,
      mark: edits.marks.rows.get(record.id),
      isChosen: selection.rows.has(record.id),
      cell: (column) => viewCell(record, column),
    };
  }

  function viewDraft(): RowView {
    const view = (field: Field | undefined, isFirst: boolean) => {
      const value = field && draft.row[inputName(field)];
      if (!field || value === undefined)
        return isFirst && draft.isEmpty ? <span className="grid-new">+ New</span> : null;
      return field.relation ? (
        <span className="value-text">
          <RecordName field={field} id={value} />
        </span>
      ) : (
        <Cell value={value} field={field} />
      );
    };
    return {
      key: DRAFT_ID,
      isChosen: false,
      isDraft: true,
      cell: (column) => {
        const field = shown[column]?.field;
        return { content: view(field, column === 0), isReadOnly: field && !mayGive(field, "create") };
      },
    };
  }

  function viewCell(record: RecordRow, column: number) {
    const field = shown[column]?.field;
    if (!field) return { content: null };
    const key = cellKey(record.id, field.id);
    const isReadOnly = list.isTrash || !mayGive(field, "update");
    const refused = edits.marks.refused.get(key);
    if (refused)
      return {
        content: <span className="value-text">⚠ {refused.text || NULL_TEXT}</span>,
        state: "refused" as const,
        isReadOnly,
        title: refused.message,
      };
    const state = edits.marks.pending.has(key)
      ? ("pending" as const)
      : edits.marks.flashed.has(key)
        ? ("flash" as const)
        : undefined;
    const content = <Cell value={record[field.name]} field={field} most={SHOWN_CHARACTERS} />;
    const href = addressOf(record, field, column === 0);
    return { content: href === null ? content : <CellLink href={href}>{content}</CellLink>, state, isReadOnly };
  }

  /** Return the address that a cell leads to: its record is that of the first column, which names it. */
  function addressOf(record: RecordRow, field: Field, isFirst: boolean): string | null {
    const value = record[field.name];
    if (field.relation && isObject(value) && "id" in value)
      return `${base}/records/${field.relation.target.namePlural}/${value.id}`;
    return outsideOf(value, field)?.href ?? (isFirst ? `${base}/records/${list.object.namePlural}/${record.id}` : null);
  }

  function select(next: Selection): void {
    const left = rows.pages.row(selection.cell.row);
    // A row that the list no longer wants stays until the cell leaves it.
    if (left && next.cell.row !== selection.cell.row && edits.marks.rows.has(left.id)) list.renew();
    if (selection.cell.row === rows.count && next.cell.row !== selection.cell.row) draft.leave();
    setSelection(next);
  }

  return (
    <Grid
      gridRef={gridRef}
      label={list.object.labelPlural}
      count={rows.count ?? 0}
      hasNewRow={!list.isTrash && list.may.create && rows.isExact}
      columns={shown.map(({ field, width }) => {
        const path = orderPath(field);
        const key = path && order.find((one) => one.path.join(".") === path.join("."));
        return {
          key: field.id,
          label: field.label,
          width,
          isLocked: list.may.update && !list.isTrash && isLocked(field),
          align: END.includes(typeOf(field).cell) ? "end" : "start",
          sort: path === null ? null : key ? (key.descending ? "descending" : "ascending") : "none",
        };
      })}
      row={viewRow}
      selection={selection}
      onSelect={select}
      onShow={rows.show}
      onCommand={gestures.run}
      onSort={(column, add) => {
        const field = shown[column]?.field;
        const path = field && orderPath(field);
        if (path) onAddress({ order: nextOrder(order, path, add) });
      }}
      onResize={(column, width) => {
        const field = shown[column]?.field;
        if (field) list.setColumns((before) => resize(before, field.id, width));
      }}
      onToggleRow={(index, extend) => {
        // With Shift all rows from the focused one to this one.
        const from = extend ? selection.cell.row : index;
        const cell = { ...selection.cell, row: index };
        setSelection((before) => ({ ...before, cell, anchor: cell }));
        gestures.selectRows({ top: Math.min(from, index), bottom: Math.max(from, index) });
      }}
      onToggleAll={() => gestures.run({ do: "selectAll" })}
      onCopy={gestures.copy}
      onPaste={gestures.startPaste}
    />
  );
}
