// Follows the model: a change of it by anybody is told over a WebSocket, and read again.

import { type Client, createClient } from "graphql-ws";
import { useEffect } from "react";

import MODEL_CHANGED from "./model_changed.graphql";
import { root } from "./place.ts";
import { useModelChanged } from "./use_model_changed.ts";

let client: Client | null = null;

function open(): Client {
  const address = new URL(`${root}/metadata`, window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return createClient({ url: address.href, retryAttempts: Number.POSITIVE_INFINITY, shouldRetry: () => true });
}

/** Calls `changed` with each version of the model but the first one, until the answer is called. */
function followModel(changed: () => void): () => void {
  client ??= open();
  let last: unknown;
  return client.subscribe<{ modelChanged: { version: unknown } }>(
    { query: MODEL_CHANGED },
    {
      next: ({ data }) => {
        const version = data?.modelChanged.version;
        if (last !== undefined && version !== last) {
          changed();
        }
        last = version;
      },
      // It ends with the session; the page goes on without it until it is loaded again.
      error: () => undefined,
      complete: () => undefined,
    },
  );
}

/** Reads the model again, everywhere in the console, after each change by anybody. */
export function useFollowedModel(): void {
  const changed = useModelChanged();
  useEffect(() => followModel(() => void changed()), [changed]);
}
