import { useCallback } from "react";
import { useSearchParams } from "react-router";

import { type Address, readAddress, writeAddress } from "./address.ts";

/** Return the list's state in the address, and a function that changes a part of it. */
export function useAddress(): [Address, (change: Partial<Address>, isStep?: boolean) => void] {
  const [parameters, setParameters] = useSearchParams();
  const change = useCallback(
    // A panel that opens is a step that Back undoes; each letter of a search is none. It is shown before the next key: a
    // transition would leave the letters behind the key of a new record to the cell of the grid.
    (next: Partial<Address>, isStep = false) =>
      setParameters((before) => writeAddress(before, next), { replace: !isStep, flushSync: isStep }),
    [setParameters],
  );
  return [readAddress(parameters), change];
}
