// A virtual grid: the rows and columns in view, one focused cell that `aria-activedescendant` names, and the keys.
// Values and their meaning belong to the page that shows it.

import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import {
  type ClipboardEvent,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useEffect,
  useId,
  useRef,
} from "react";
import { type GridColumn, GridHead } from "./head.tsx";
import { type Command, commandOf } from "./keys.ts";
import { GridRow, type RowView } from "./row.tsx";
import { useRowHeight } from "./row_height.ts";
import { type Cell, clamp, focus, isInRange, moveCell, rangeOf, type Selection } from "./selection.ts";
import { useComposition } from "./use_composition.ts";
import "./grid.css";

export type GridProps = {
  label: string;
  columns: readonly GridColumn[];
  count: number;
  /** A row behind the last record, in which a new one is typed. */
  hasNewRow: boolean;
  /** Return a row; undefined while it is not here. */
  row(index: number): RowView | undefined;
  selection: Selection;
  onSelect(selection: Selection): void;
  onShow(first: number, last: number): void;
  onCommand(command: Exclude<Command, { do: "move" }>): void;
  onSort(column: number, add: boolean): void;
  onResize(column: number, width: number): void;
  onToggleRow(index: number, extend: boolean): void;
  onToggleAll(): void;
  onCopy(): { text: string; html: string } | null;
  onPaste(text: string): void;
  /** The element that has the focus while no cell is edited. */
  gridRef: { current: HTMLDivElement | null };
};

const LEAD = 36;
/** Higher rows have two lines. */
const ONE_LINE = 32;
const HEAD_HEIGHT = 32;
/** Browsers clamp an element's height beyond this: https://github.com/TanStack/virtual/issues/460 */
const MAXIMUM_HEIGHT = 16_000_000;

/** The rows that a grid can show, whatever their number is. */
export function shownRows(count: number, height: number): number {
  return Math.min(count, Math.floor(MAXIMUM_HEIGHT / height));
}

export function Grid(props: GridProps) {
  const { columns, count, selection, onSelect, gridRef } = props;
  const id = useId();
  const dragging = useRef(false);
  const height = useRowHeight();
  const records = shownRows(count, height);
  // A list that is cut off has no end at which a record could be added.
  const rows = records === count && props.hasNewRow ? records + 1 : records;
  const size = { rows, columns: columns.length };
  const cell = clamp(selection.cell, size);
  const rowVirtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => gridRef.current,
    estimateSize: () => height,
    overscan: 6,
    paddingStart: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
    rangeExtractor: (range) => withIndex(range, cell.row),
    onChange: (virtualizer) => {
      const range = virtualizer.range;
      if (range) props.onShow(range.startIndex, Math.min(range.endIndex, records - 1));
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows are measured again where their height has changed.
  useEffect(() => rowVirtualizer.measure(), [rowVirtualizer, height]);
  const columnVirtualizer = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => gridRef.current,
    estimateSize: (index) => columns[index]?.width ?? 100,
    getItemKey: (index) => `${columns[index]?.key}:${columns[index]?.width}`,
    overscan: 3,
    paddingStart: LEAD,
    // The first column names the record and stays in view.
    scrollPaddingStart: LEAD + (columns[0]?.width ?? 0),
    rangeExtractor: (range) => withIndex(range, cell.column, 0),
  });
  const shownColumns = columnVirtualizer.getVirtualItems();
  const hasCell = rows > 0 && columns.length > 0;
  const focusedId = hasCell ? cellId(id, cell.row, cell.column) : undefined;
  const composed = useComposition(gridRef, focusedId, (text) => props.onCommand({ do: "edit", text }));
  const range = rangeOf({ cell, anchor: clamp(selection.anchor, size) });

  function go(next: Cell, extend: boolean): void {
    onSelect(focus(selection, next, extend));
    rowVirtualizer.scrollToIndex(next.row);
    columnVirtualizer.scrollToIndex(next.column);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.target !== gridRef.current) return;
    const inView = Math.max(1, Math.floor((gridRef.current.clientHeight - HEAD_HEIGHT) / height) - 1);
    const command = commandOf(event, inView);
    if (command === null) return;
    event.preventDefault();
    // The end of the list is its last record.
    const isEnd = command.do === "move" && "to" in command.move && command.move.to === "gridEnd";
    if (command.do === "move")
      go(moveCell(cell, command.move, isEnd ? { ...size, rows: records } : size), command.extend);
    else props.onCommand(command);
  }

  function onPointerDown(event: PointerEvent): void {
    const at = event.button === 0 ? cellAt(event.target) : null;
    // What is composed belongs to its cell: the click ends it.
    if (at === null || composed !== null) return;
    dragging.current = true;
    onSelect(focus(selection, at, event.shiftKey));
  }

  // The buttons of the heads and of the rows, and links, are for the pointer: the keys after a click belong to the cell.
  function keepFocus(event: MouseEvent): void {
    if (event.button !== 0 || !(event.target instanceof Element)) return;
    if (event.target.closest("a, button, input") === null) return;
    event.preventDefault();
    gridRef.current?.focus({ preventScroll: true });
  }

  function onPointerOver(event: PointerEvent): void {
    if (!dragging.current || event.buttons !== 1) {
      dragging.current = false;
      return;
    }
    const at = cellAt(event.target);
    if (at && (at.row !== cell.row || at.column !== cell.column)) onSelect(focus(selection, at, true));
  }

  // The events of the clipboard begin at the caret of the `EditContext`, wherever that is in the grid.
  function copy(event: ClipboardEvent): void {
    if (document.activeElement !== gridRef.current) return;
    const copied = props.onCopy();
    if (copied === null) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", copied.text);
    event.clipboardData.setData("text/html", copied.html);
  }

  function paste(event: ClipboardEvent): void {
    if (document.activeElement !== gridRef.current) return;
    event.preventDefault();
    props.onPaste(event.clipboardData.getData("text/plain"));
  }

  return (
    <div
      ref={gridRef}
      className="grid"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={count + 1 + rows - records}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      style={{ "--row-height": `${height}px` } as CSSProperties}
      data-tall={height > ONE_LINE || undefined}
      aria-activedescendant={focusedId}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onMouseDown={keepFocus}
      onPointerOver={onPointerOver}
      onDoubleClick={(event) => cellAt(event.target) && props.onCommand({ do: "edit", text: null })}
      onCopy={copy}
      onPaste={paste}
    >
      <div
        role="presentation"
        className="grid-canvas"
        style={{ height: rowVirtualizer.getTotalSize(), width: columnVirtualizer.getTotalSize() }}
      >
        <GridHead
          columns={columns}
          shown={shownColumns}
          isAll={selection.all}
          onSort={props.onSort}
          onResize={props.onResize}
          onToggleAll={props.onToggleAll}
        />
        {rowVirtualizer.getVirtualItems().map((item) => (
          <GridRow
            key={item.key}
            index={item.index}
            top={item.start}
            row={props.row(item.index)}
            columns={columns}
            shown={shownColumns}
            cellId={(column) => cellId(id, item.index, column)}
            active={item.index === cell.row ? cell.column : null}
            composed={item.index === cell.row ? composed : null}
            isInRange={(column) => isInRange(range, item.index, column)}
            isAll={selection.all}
            onToggle={(extend) => props.onToggleRow(item.index, extend)}
          />
        ))}
      </div>
    </div>
  );
}

function withIndex(range: Range, ...kept: number[]): number[] {
  const indexes = new Set([...defaultRangeExtractor(range), ...kept.filter((index) => index < range.count)]);
  return [...indexes].sort((one, other) => one - other);
}

function cellId(grid: string, row: number, column: number): string {
  return `${grid}r${row}c${column}`;
}

function cellAt(target: EventTarget): Cell | null {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
  const { row, column } = element?.dataset ?? {};
  return row === undefined || column === undefined ? null : { row: Number(row), column: Number(column) };
}
