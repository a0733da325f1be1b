// A value that is typed and kept elsewhere, as in the address, which follows it a moment later.

import { useState } from "react";

export interface Followed<T> {
  /** The value as it is kept, as a text. */
  present: string;
  /** A value as it will be kept. */
  print: (value: T) => string;
  /** The value that is kept; `before` is the one that was shown. */
  read: (before: T) => T;
}

/**
 * Return the value, and a function that notes one that was typed. It stays until the present one has followed: a field
 * that showed the present one meanwhile would lose letters, and a row of a filter its place.
 */
export function useFollowed<T>({ present, print, read }: Followed<T>, first: T): [T, (next: T) => void] {
  const [typed, setTyped] = useState<{ value: T; behind: readonly string[] }>({ value: first, behind: [] });
  const wanted = print(typed.value);
  const isAhead = typed.behind.includes(present);
  if (typed.behind.length > 0 && (present === wanted || !isAhead)) setTyped({ value: typed.value, behind: [] });
  const note = (value: T) => setTyped({ value, behind: [...typed.behind, present, wanted] });
  return [isAhead || present === wanted ? typed.value : read(typed.value), note];
}
