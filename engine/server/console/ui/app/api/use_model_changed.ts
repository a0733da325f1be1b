// Reads the model again after a change of it, everywhere in the console.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { areaOf } from "./keys.ts";
import { useScope } from "./session_context.ts";

/** Return a function to call after a change of the model was made; it stays the same for a workspace and role. */
export function useModelChanged(): () => Promise<void> {
  const client = useQueryClient();
  const { workspace, role, version } = useScope();
  return useCallback(async () => {
    const scope = { workspace, role, version };
    await client.invalidateQueries({ queryKey: areaOf(scope, "model") });
    // Pages of records have the columns of the model.
    await client.invalidateQueries({ queryKey: areaOf(scope, "records") });
  }, [client, workspace, role, version]);
}
