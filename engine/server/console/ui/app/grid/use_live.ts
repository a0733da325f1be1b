// The changes of others in a list, as they happen.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import { isPaused, onPause, subscribe } from "../api/live.ts";
import type { Field, ObjectModel } from "../api/model.ts";
import { buildDocuments } from "../api/record_documents.ts";
import { type Action, type Batch, type LiveEvent, openBatcher } from "./live.ts";

const ACTIONS: readonly Action[] = ["Created", "Updated", "Deleted", "Restored", "Destroyed"];
const CLOCK = {
  start: (action: () => void, milliseconds: number) => setTimeout(action, milliseconds),
  stop: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Return true while the socket is down for longer than three seconds. */
export function useLivePause(): boolean {
  return useSyncExternalStore(onPause, isPaused);
}

/** Call `deliver` with the merged events of an object's records; return the reason if there are no live updates. */
export function useLive(object: ObjectModel, fields: readonly Field[], deliver: (batch: Batch) => void): string | null {
  const [refusal, setRefusal] = useState<string | null>(null);
  const latest = useRef(deliver);
  useEffect(() => {
    latest.current = deliver;
  });
  const key = JSON.stringify([object.id, fields.map((field) => field.id)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the object and the fields.
  useEffect(() => {
    const documents = buildDocuments(object, fields).subscriptions;
    const batcher = openBatcher(
      (batch) => latest.current(batch),
      CLOCK,
      () => performance.now(),
    );
    const subscriptions = ACTIONS.map((action) =>
      subscribe(
        documents[action],
        {},
        ({ data }) => {
          const record = data[`${object.nameSingular}${action}`] as LiveEvent["record"] | undefined;
          if (record) batcher.add({ action, record });
        },
        (error) => setRefusal(reasonOf(error)),
      ),
    );
    return () => {
      batcher.close();
      for (const subscription of subscriptions) subscription.stop();
    };
  }, [key]);
  return refusal;
}

function reasonOf(error: unknown): string {
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Error || (typeof first === "object" && first !== null && "message" in first)
    ? String(first.message)
    : "The server has closed the connection.";
}
