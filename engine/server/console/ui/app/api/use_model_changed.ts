// Reads the model again after a change of it.

import { useCallback } from "react";

import { useReadAgain } from "./use_read_again.ts";

/** Return a function to call after a change of the model was made; it stays the same for a workspace and role. */
export function useModelChanged(): () => Promise<void> {
  const readModel = useReadAgain("model");
  const readRecords = useReadAgain("records");
  return useCallback(async () => {
    await readModel();
    // React Query tells the pages in a task of its own: a list would be read by a filter on a field that is gone.
    await new Promise((resolve) => setTimeout(resolve));
    // Pages of records have the columns of the model.
    await readRecords();
  }, [readModel, readRecords]);
}
