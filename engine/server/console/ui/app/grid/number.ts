// The number of a list's records while they are read and counted.

import type { Extent } from "./pages.ts";

export type Known = {
  /** The number that was counted. */
  counted: number | undefined;
  /** It was counted for the filter before. */
  isOfBefore: boolean;
  /** PostgreSQL's estimate of a number that takes long to count. */
  estimate: number | undefined;
  /** A number is to come: the role may count, and the server has not refused to. */
  canCount: boolean;
  /** How far the list was read. */
  extent: Extent | null;
  /** The list was read to its last record. */
  isWhole: boolean;
};

export type ListNumber = {
  count: number | undefined;
  isExact: boolean;
  isCounting: boolean;
  isEstimate: boolean;
  isOpen: boolean;
};

/** Return the number of records by all that is known of it, and the sense in which it is one. */
export function numberOf({ counted, isOfBefore, estimate, canCount, extent, isWhole }: Known): ListNumber {
  const rough = { isExact: false, isCounting: false, isEstimate: false, isOpen: false };
  if (counted !== undefined && !isOfBefore) return { ...rough, count: counted, isExact: true };
  // The number is known before it is counted.
  if (isWhole && extent) return { ...rough, count: extent.rows, isExact: true };
  if (canCount) {
    if (counted === undefined && estimate !== undefined) return { ...rough, count: estimate, isEstimate: true };
    // Rows that are here are shown before they are counted, and a number of before keeps the place in the list.
    const count = counted === undefined ? extent?.rows : Math.max(counted, extent?.rows ?? 0);
    return { ...rough, count, isCounting: true };
  }
  // Without a number the list is as long as it was read, and a row more, whose look reads on.
  const isOpen = extent !== null && !extent.isEnd;
  return {
    ...rough,
    count: extent ? extent.rows + (isOpen ? 1 : 0) : undefined,
    isOpen,
    isExact: extent?.isEnd === true,
  };
}
