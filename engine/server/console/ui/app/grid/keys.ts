// The keys of the grid, as in docs: each is a command, and a key that the browser needs is none.

import type { Move } from "./selection.ts";

export type Command =
  | { do: "move"; move: Move; extend: boolean }
  | { do: "edit"; text: string | null }
  | { do: "open" }
  | { do: "openPage" }
  | { do: "selectRow" }
  | { do: "selectColumn" }
  | { do: "selectAll" }
  | { do: "clear" }
  | { do: "fillDown" }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "newRow" }
  | { do: "leave" };

export type Key = { key: string; ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; altKey: boolean };

const MOVES: Readonly<Record<string, Move>> = {
  ArrowUp: { by: "rows", count: -1 },
  ArrowDown: { by: "rows", count: 1 },
  ArrowLeft: { by: "columns", count: -1 },
  ArrowRight: { by: "columns", count: 1 },
  Home: { to: "rowStart" },
  End: { to: "rowEnd" },
};

const CONTROL: Readonly<Record<string, Command>> = {
  Home: { do: "move", move: { to: "gridStart" }, extend: false },
  End: { do: "move", move: { to: "gridEnd" }, extend: false },
  Enter: { do: "openPage" },
  " ": { do: "selectColumn" },
  a: { do: "selectAll" },
  d: { do: "fillDown" },
  z: { do: "undo" },
  y: { do: "redo" },
};

const PLAIN: Readonly<Record<string, Command>> = {
  Enter: { do: "edit", text: null },
  F2: { do: "edit", text: null },
  " ": { do: "open" },
  Delete: { do: "clear" },
  Backspace: { do: "clear" },
  Escape: { do: "leave" },
};

/** Return the command of a key while the grid has the focus; `page` is the number of rows that are in view. */
export function commandOf(event: Key, page: number): Command | null {
  if (event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z" && event.shiftKey) return { do: "redo" };
    const command = CONTROL[key] ?? null;
    return command?.do === "move" ? { ...command, extend: event.shiftKey } : command;
  }
  if (key === "PageUp" || key === "PageDown") {
    return { do: "move", move: { by: "rows", count: key === "PageUp" ? -page : page }, extend: event.shiftKey };
  }
  const move = MOVES[key];
  if (move) return { do: "move", move, extend: event.shiftKey };
  if (event.shiftKey && key === " ") return { do: "selectRow" };
  if (event.shiftKey && key === "Enter") return { do: "newRow" };
  return PLAIN[key] ?? (event.key.length === 1 ? { do: "edit", text: event.key } : null);
}

/** Return the handler for a value outside of a grid that takes the keys which edit a cell. */
export function onEditKey(edit: (text: string | null) => void) {
  return (event: Key & { preventDefault(): void }): void => {
    const command = commandOf(event, 1);
    if (command?.do !== "edit") return;
    event.preventDefault();
    edit(command.text);
  };
}
