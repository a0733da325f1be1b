// The changes of others in a list, as they happen.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import { followRecords, isPaused, onPause } from "../api/live.ts";
import type { Field, ObjectModel } from "../api/model.ts";
import { buildDocuments } from "../api/record_documents.ts";
import { type Batch, type LiveEvent, openBatcher } from "./live.ts";

const CLOCK = {
  start: (action: () => void, milliseconds: number) => setTimeout(action, milliseconds),
  stop: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Return true while the socket is down for longer than three seconds. */
export function useLivePause(): boolean {
  return useSyncExternalStore(onPause, isPaused);
}

export interface LiveState {
  /** The subscription has begun: a change of another is told. */
  hasBegun: boolean;
  /** The reason why there are no live updates. */
  refusal: string | null;
}

/**
 * Call `deliver` with the merged events of an object's records, and `readAgain` where they begin behind a read of the
 * page.
 */
export function useLive(
  object: ObjectModel,
  fields: readonly Field[],
  deliver: (batch: Batch) => void,
  readAgain: () => void,
): LiveState {
  const [refusal, setRefusal] = useState<string | null>(null);
  // Other fields begin it anew, and a change missed meanwhile is read again: the sign of it does not flicker.
  const [hasBegun, setBegun] = useState(false);
  const latest = useRef({ deliver, readAgain });
  useEffect(() => {
    latest.current = { deliver, readAgain };
  });
  const document = buildDocuments(object, fields).changes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the document has all that is used of the object.
  useEffect(() => {
    const batcher = openBatcher(
      (batch) => latest.current.deliver(batch),
      CLOCK,
      () => performance.now(),
    );
    const live = followRecords(
      document,
      {},
      {
        next: ({ data }) => {
          const { action, record } = data[`${object.nameSingular}Changed`] as LiveEvent;
          // A destroyed record is as a write before left it, which may be one of this page.
          batcher.add({ action, record: action === "DESTROYED" ? { id: record.id } : record });
        },
        begun: () => {
          setBegun(true);
          // The one before may have been refused for a name that is gone.
          setRefusal(null);
        },
        failed: (error) => setRefusal(reasonOf(error)),
        late: () => latest.current.readAgain(),
        missed: () => latest.current.deliver({ events: [], flood: true }),
      },
    );
    return () => {
      batcher.close();
      live.stop();
    };
  }, [document]);
  return { hasBegun, refusal };
}

function reasonOf(error: unknown): string {
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Error || (typeof first === "object" && first !== null && "message" in first)
    ? String(first.message)
    : "The server has closed the connection.";
}
