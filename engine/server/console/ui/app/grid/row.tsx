// One row of a grid; only its cells in view are there.

import type { VirtualItem } from "@tanstack/react-virtual";
import type { ReactNode } from "react";

import type { GridColumn } from "./head.tsx";

export type CellView = {
  content: ReactNode;
  state?: "pending" | "refused" | "flash" | undefined;
  title?: string | undefined;
  isReadOnly?: boolean | undefined;
};

export type RowView = {
  key: string;
  mark?: string | undefined;
  isChosen: boolean;
  /** The row is no record yet: it cannot be chosen. */
  isDraft?: boolean;
  cell(column: number): CellView;
};

export type RowProps = {
  index: number;
  top: number;
  row: RowView | undefined;
  columns: readonly GridColumn[];
  shown: readonly VirtualItem[];
  cellId(column: number): string;
  /** The column of the focused cell, if it is in this row. */
  active: number | null;
  /** The letters that are being composed on the focused cell. */
  composed: string | null;
  isInRange(column: number): boolean;
  isAll: boolean;
  onToggle(extend: boolean): void;
};

export function GridRow(props: RowProps) {
  const { index, top, row, columns, shown, cellId, active, composed, isInRange, isAll, onToggle } = props;
  const isChosen = (isAll && !row?.isDraft) || row?.isChosen === true;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      aria-busy={row === undefined || undefined}
      className="grid-row"
      data-mark={row?.mark ? "" : undefined}
      style={{ top }}
    >
      <div role="gridcell" aria-colindex={1} className="grid-lead">
        {!row?.isDraft && (
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={`Select row ${index + 1}`}
            checked={isChosen}
            disabled={row === undefined}
            onChange={(event) => onToggle(event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)}
          />
        )}
      </div>
      {shown.map(({ index: column, start, size }) => {
        const view = row?.cell(column);
        return (
          <div
            key={columns[column]?.key}
            id={cellId(column)}
            role="gridcell"
            aria-colindex={column + 2}
            aria-selected={isInRange(column)}
            aria-readonly={view?.isReadOnly || undefined}
            aria-invalid={view?.state === "refused" || undefined}
            className="grid-cell"
            data-row={index}
            data-column={column}
            data-align={columns[column]?.align}
            data-active={active === column || undefined}
            data-state={view?.state}
            title={view?.title}
            data-pinned={column === 0 || undefined}
            style={column === 0 ? { width: size } : { left: start, width: size }}
          >
            {active === column && composed !== null ? (
              <span className="grid-composed">{composed}</span>
            ) : view ? (
              view.content
            ) : (
              <span className="grid-waiting" />
            )}
          </div>
        );
      })}
      {row?.mark && <span className="grid-mark">{row.mark}</span>}
    </div>
  );
}
