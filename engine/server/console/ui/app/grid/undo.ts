// One gesture is one step: the values that it changed, and the version of each record that it left.

export type Change = {
  id: string;
  /** The data of an update that brings the values before back, and the data that was sent. */
  before: Readonly<Record<string, unknown>>;
  after: Readonly<Record<string, unknown>>;
  /** The record's `updatedAt` after the last write of this step: an undo is refused if another has changed it since. */
  updatedAt: string | undefined;
};

export type Step = {
  label: string;
  changes: readonly Change[];
  /** The ids of the records that the gesture created, and of those that it moved to the trash. */
  created: readonly string[];
  trashed: readonly string[];
};

export type History = { done: readonly Step[]; undone: readonly Step[] };

export const EMPTY: History = { done: [], undone: [] };
const DEPTH = 50;

export function push(history: History, step: Step): History {
  return { done: [...history.done, step].slice(-DEPTH), undone: [] };
}

/** Return the history with its last step undone; `versions` are the records' `updatedAt` after the undo. */
export function undone(history: History, versions: ReadonlyMap<string, string>): History {
  const step = history.done.at(-1);
  if (!step) return history;
  return {
    done: history.done.slice(0, -1).map((earlier) => advance(earlier, versions)),
    undone: [...history.undone, advance(step, versions)],
  };
}

/** Return the history with its last undone step done again. */
export function redone(history: History, versions: ReadonlyMap<string, string>): History {
  const step = history.undone.at(-1);
  if (!step) return history;
  return {
    done: [...history.done.map((earlier) => advance(earlier, versions)), advance(step, versions)],
    undone: history.undone.slice(0, -1),
  };
}

/** Return the history after an own write, whose records have a new version: earlier steps can still be undone. */
export function advanceAll(history: History, versions: ReadonlyMap<string, string>): History {
  return {
    done: history.done.map((step) => advance(step, versions)),
    undone: history.undone.map((step) => advance(step, versions)),
  };
}

/** Return the history without its last step: it could not be undone. */
export function dropLast(history: History): History {
  return { ...history, done: history.done.slice(0, -1) };
}

function advance(step: Step, versions: ReadonlyMap<string, string>): Step {
  return {
    ...step,
    changes: step.changes.map((change) => ({ ...change, updatedAt: versions.get(change.id) ?? change.updatedAt })),
  };
}
