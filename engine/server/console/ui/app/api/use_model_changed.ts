// Reads the model again after a change of it, everywhere in the console.

import { useQueryClient } from "@tanstack/react-query";

import { areaOf } from "./keys.ts";
import { useScope } from "./session_context.ts";

/** Return a function to call after a change of the model was made. */
export function useModelChanged(): () => Promise<void> {
  const client = useQueryClient();
  const scope = useScope();
  return async () => {
    await client.invalidateQueries({ queryKey: areaOf(scope, "model") });
    // Pages of records have the columns of the model.
    await client.invalidateQueries({ queryKey: areaOf(scope, "records") });
  };
}
