// Follows the model: a change of it by anybody is told over the console's WebSocket, and read again.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { followModel } from "./live.ts";
import MODEL_CHANGED from "./model_changed.graphql";
import { isOwn } from "./own_changes.ts";
import { readAgain } from "./read_again.ts";
import { DOOR_KEY } from "./session.ts";
import { useSession } from "./session_context.ts";
import { useModelChanged } from "./use_model_changed.ts";
import { useReadAgain } from "./use_read_again.ts";

interface Told {
  version: string;
  objects: readonly string[];
  rights: boolean;
}

/**
 * Calls `changed` with each version of the model but `read`, which the page has begun with, until the answer is called:
 * a change before the socket is open has another version, too.
 */
function followVersions(read: string, changed: (told: Told) => void): () => void {
  let last = read;
  return followModel(MODEL_CHANGED, ({ data }) => {
    const told = data.modelChanged as Told;
    if (told.version !== last) changed(told);
    last = told.version;
  }).stop;
}

/** Reads the model again, everywhere in the console, after each change by another, and rights after each of roles. */
export function useFollowedModel(): void {
  const client = useQueryClient();
  const changed = useModelChanged();
  const readAccess = useReadAgain("access");
  const { modelVersion } = useSession();
  const read = useRef(modelVersion);
  useEffect(() => {
    read.current = modelVersion;
  }, [modelVersion]);
  useEffect(
    () =>
      followVersions(read.current, (told) => {
        // The first message of a connection names nothing that has changed before it.
        const mayBeRights = told.rights || told.objects.length === 0;
        // The session says which reads the role may make: those of the records follow behind it.
        const door = mayBeRights ? readAgain(client, DOOR_KEY) : undefined;
        void Promise.all([isOwn(told.version), door]).then(([isKnown]) => {
          if (!isKnown) void changed();
        });
        if (mayBeRights) void readAccess();
      }),
    [client, changed, readAccess],
  );
}
