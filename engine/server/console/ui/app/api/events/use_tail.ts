// The events of others as they come, before those of the pages that were read.

import { useEffect, useState } from "react";

import { followRecords } from "../live.ts";
import { viewedRole } from "../view_as.ts";
import type { EventFilter, RecordEvent } from "./events.ts";
import TAIL from "./tail.graphql";

/** Events that are kept of a tail; the others are pages. */
export const KEPT = 500;
const MERGED_MILLISECONDS = 100;

export interface Tail {
  /** The newest first. */
  events: readonly RecordEvent[];
  /** False where the events cannot be followed, and so must be asked for. */
  isFollowed: boolean;
}

/** Follow the events that are meant while `isOn`; `missed` is called where some may be neither here nor on a page. */
export function useTail(filter: EventFilter, isOn: boolean, missed: () => void): Tail {
  const key = JSON.stringify(filter);
  // Those of another filter are not shown, and those of this one still are while nothing is followed.
  const [found, setFound] = useState<{ key: string; events: readonly RecordEvent[] }>({ key, events: [] });
  const [isRefused, setRefused] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the filter, and `missed` only reads again.
  useEffect(() => {
    if (!isOn) return;
    setFound({ key, events: [] });
    let waiting: RecordEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const live = followRecords(
      TAIL,
      { filter },
      {
        next: ({ data }) => {
          waiting = [data.events as RecordEvent, ...waiting];
          timer ??= setTimeout(() => {
            const more = waiting;
            waiting = [];
            timer = null;
            setFound((before) => ({ key, events: [...more, ...before.events].slice(0, KEPT) }));
          }, MERGED_MILLISECONDS);
        },
        // An object of the workspace may be called `events`, and then has the name of the subscription.
        failed: () => setRefused(true),
        late: missed,
        missed,
      },
    );
    return () => {
      if (timer !== null) clearTimeout(timer);
      live.stop();
    };
  }, [key, isOn]);
  return { events: found.key === key ? found.events : [], isFollowed: !isRefused && viewedRole() === null };
}
