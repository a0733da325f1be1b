// Reads a part of the server's state again, everywhere in the console, after a write to it.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { type Area, areaOf } from "./keys.ts";
import { readAgain } from "./read_again.ts";
import { useScope } from "./session_context.ts";

/** Return a function that reads an area again, or what it holds of an object; it stays the same for a workspace and role. */
export function useReadAgain(area: Area, object?: string): () => Promise<void> {
  const client = useQueryClient();
  const { workspace, role, version } = useScope();
  return useCallback(
    () => readAgain(client, areaOf({ workspace, role, version }, area, object)),
    [client, workspace, role, version, area, object],
  );
}

/** Return a function that reads the lists of related records again: a write of a record may change those of any other. */
export function useReadRelated(): () => Promise<void> {
  const client = useQueryClient();
  const { workspace, role, version } = useScope();
  return useCallback(() => {
    const area = areaOf({ workspace, role, version }, "records");
    return readAgain(client, area, ({ queryKey }) => queryKey[area.length + 1] === "related");
  }, [client, workspace, role, version]);
}
