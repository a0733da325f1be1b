// The head of a grid: names, order and widths of the columns. The bar above has the same for the keyboard.

import type { VirtualItem } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { PointerEvent } from "react";

import { Locked } from "../fields/locked.tsx";

export type GridColumn = {
  key: string;
  label: string;
  width: number;
  align: "start" | "end";
  /** The present order; null if the list cannot be ordered by the column. */
  sort: "ascending" | "descending" | "none" | null;
  /** The role may read the field and not write it. */
  isLocked?: boolean;
};

export type HeadProps = {
  columns: readonly GridColumn[];
  shown: readonly VirtualItem[];
  isAll: boolean;
  onSort(column: number, add: boolean): void;
  onResize(column: number, width: number): void;
  onToggleAll(): void;
};

export function GridHead({ columns, shown, isAll, onSort, onResize, onToggleAll }: HeadProps) {
  return (
    <div role="row" aria-rowindex={1} className="grid-head">
      <div role="columnheader" aria-colindex={1} className="grid-lead">
        <input type="checkbox" tabIndex={-1} aria-label="Select all records" checked={isAll} onChange={onToggleAll} />
      </div>
      {shown.map(({ index, start, size }) => {
        const column = columns[index];
        if (!column) return null;
        const { sort } = column;
        return (
          <div
            key={column.key}
            role="columnheader"
            aria-colindex={index + 2}
            aria-sort={sort ?? undefined}
            className="grid-head-cell"
            data-align={column.align}
            data-pinned={index === 0 || undefined}
            style={index === 0 ? { width: size } : { left: start, width: size }}
          >
            {sort === null ? (
              <span>
                {column.label} {column.isLocked && <Locked />}
              </span>
            ) : (
              <button type="button" tabIndex={-1} onClick={(event) => onSort(index, event.shiftKey)}>
                <span>{column.label}</span>
                {column.isLocked && <Locked />}
                {sort === "ascending" && <ArrowUp aria-hidden size={14} />}
                {sort === "descending" && <ArrowDown aria-hidden size={14} />}
              </button>
            )}
            <div className="grid-resize" aria-hidden {...resizing(size, (width) => onResize(index, width))} />
          </div>
        );
      })}
    </div>
  );
}

function resizing(width: number, resize: (width: number) => void) {
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      event.currentTarget.dataset.from = String(event.clientX - width);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
      resize(event.clientX - Number(event.currentTarget.dataset.from));
    },
  };
}
