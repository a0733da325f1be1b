// Long forms and tables: the part that is in view is there at once, and the rest follows without holding up the keys.

import { useDeferredValue } from "react";

/** More rows of a form or a table than a window has room for. */
const FIRST = 40;

/** Return the first of `all` for the first time that they are shown, and all of them from then on. */
export function useWhole<T>(all: readonly T[]): readonly T[] {
  const isWhole = useDeferredValue(true, false);
  return isWhole ? all : all.slice(0, FIRST);
}
