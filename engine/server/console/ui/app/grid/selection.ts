// The one focused cell, the range that Shift extends from it, and the rows that are chosen for a bulk action.

export type Cell = { row: number; column: number };

export type Selection = {
  cell: Cell;
  /** The other corner of the range; the cell itself where there is no range. */
  anchor: Cell;
  /** The ids of the chosen rows. */
  rows: ReadonlySet<string>;
  /** All records that the filter matches are chosen, wherever they are. */
  all: boolean;
};

export type Size = { rows: number; columns: number };

export const START: Selection = {
  cell: { row: 0, column: 0 },
  anchor: { row: 0, column: 0 },
  rows: new Set(),
  all: false,
};

export type Move =
  | { by: "rows"; count: number }
  | { by: "columns"; count: number }
  | { to: "rowStart" | "rowEnd" | "gridStart" | "gridEnd" };

/** Return the cell where a move leads to, inside of the grid. */
export function moveCell(cell: Cell, move: Move, size: Size): Cell {
  const at = { ...cell };
  if ("by" in move) {
    if (move.by === "rows") at.row += move.count;
    else at.column += move.count;
  } else {
    if (move.to === "gridStart") at.row = 0;
    if (move.to === "gridEnd") at.row = size.rows - 1;
    at.column = move.to === "rowStart" || move.to === "gridStart" ? 0 : size.columns - 1;
  }
  return clamp(at, size);
}

/**
 * Return the selection at the same columns after others have come or gone; `before` and `after` are the keys of all. One
 * that nobody has moved stays in the first cell.
 */
export function followColumns(selection: Selection, before: readonly string[], after: readonly string[]): Selection {
  if (selection.cell === START.cell) return selection;
  const follow = (cell: Cell): Cell => {
    const column = after.indexOf(before[cell.column] ?? "");
    return column < 0 || column === cell.column ? cell : { ...cell, column };
  };
  const [cell, anchor] = [follow(selection.cell), follow(selection.anchor)];
  return cell === selection.cell && anchor === selection.anchor ? selection : { ...selection, cell, anchor };
}

/** Return the selection with its records, of which the focused one has moved from one row to another. */
export function followRows(selection: Selection, from: number, to: number): Selection {
  if (selection.cell.row !== from) return selection;
  const follow = (cell: Cell): Cell => ({ ...cell, row: Math.max(0, cell.row + to - from) });
  return { ...selection, cell: follow(selection.cell), anchor: follow(selection.anchor) };
}

/** Return the next cell to the right or the left; from a row's end it goes on in the next row. */
export function moveAcross(cell: Cell, step: 1 | -1, size: Size): Cell {
  const column = cell.column + step;
  if (column >= size.columns && cell.row < size.rows - 1) return { row: cell.row + 1, column: 0 };
  if (column < 0 && cell.row > 0) return { row: cell.row - 1, column: size.columns - 1 };
  return clamp({ row: cell.row, column }, size);
}

export function focus(selection: Selection, cell: Cell, extend: boolean): Selection {
  return { ...selection, cell, anchor: extend ? selection.anchor : cell };
}

export function clamp(cell: Cell, size: Size): Cell {
  return {
    row: Math.max(0, Math.min(cell.row, size.rows - 1)),
    column: Math.max(0, Math.min(cell.column, size.columns - 1)),
  };
}

export type Range = { top: number; bottom: number; left: number; right: number };

export function rangeOf({ cell, anchor }: Pick<Selection, "cell" | "anchor">): Range {
  return {
    top: Math.min(cell.row, anchor.row),
    bottom: Math.max(cell.row, anchor.row),
    left: Math.min(cell.column, anchor.column),
    right: Math.max(cell.column, anchor.column),
  };
}

export function isInRange(range: Range, row: number, column: number): boolean {
  return row >= range.top && row <= range.bottom && column >= range.left && column <= range.right;
}

export function toggleRows(selection: Selection, ids: readonly string[]): Selection {
  const rows = new Set(selection.rows);
  const remove = ids.every((id) => rows.has(id));
  for (const id of ids) {
    if (remove) rows.delete(id);
    else rows.add(id);
  }
  return { ...selection, rows, all: false };
}

export function clearRows(selection: Selection): Selection {
  return { ...selection, rows: new Set(), all: false };
}
