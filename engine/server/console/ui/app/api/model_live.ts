// Follows the model: a change of it by anybody is told over the console's WebSocket, and read again.

import { useEffect } from "react";

import { followModel } from "./live.ts";
import MODEL_CHANGED from "./model_changed.graphql";
import { isOwn } from "./own_changes.ts";
import { useModelChanged } from "./use_model_changed.ts";

/** Calls `changed` with each version of the model but the first one and its own, until the answer is called. */
function followVersions(changed: () => void): () => void {
  let last: string | undefined;
  const live = followModel(MODEL_CHANGED, ({ data }) => {
    const { version } = data.modelChanged as { version: unknown };
    const known = String(version);
    if (last !== undefined && known !== last) {
      void isOwn(known).then((isKnown) => isKnown || changed());
    }
    last = known;
  });
  return live.stop;
}

/** Reads the model again, everywhere in the console, after each change by anybody. */
export function useFollowedModel(): void {
  const changed = useModelChanged();
  useEffect(() => followVersions(() => void changed()), [changed]);
}
