// The events of others, merged for a tenth of a second; a flood of them is told as one.

import type { EventAction } from "../api/events/events.ts";
import type { RecordRow } from "../api/model.ts";
import type { Clock } from "./pages.ts";

export type LiveEvent = { action: EventAction; record: Readonly<Record<string, unknown>> & { id: string } };

export type Batch = { events: readonly LiveEvent[]; flood: boolean };

const MERGED_MILLISECONDS = 100;
const FLOOD = 50;

/**
 * Return true if the time `one` is later than `other`, or if the role does not read them; both are as the API has them, to
 * the microsecond.
 */
export function isLater(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || sortable(one) > sortable(other);
}

// The API leaves zeros at the end out.
function sortable(time: string): string {
  const [seconds = "", fraction = ""] = time.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(6, "0")}`;
}

/** Return a record as it was read, unless the version that is here is a later one, which an own write has left meanwhile. */
export function laterOf(read: RecordRow | null, here: RecordRow | null | undefined): RecordRow | null {
  if (!read || !here || read.updatedAt === undefined || here.updatedAt === undefined) return read;
  return isLater(here.updatedAt, read.updatedAt) ? here : read;
}

/** Return the change of a list that puts each of `rows`, which may lack some fields, over an earlier version of it. */
export function withLater(rows: readonly RecordRow[]): (row: RecordRow) => RecordRow | undefined {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (row) => {
    const next = byId.get(row.id);
    return next && isLater(next.updatedAt, row.updatedAt) ? { ...row, ...next } : undefined;
  };
}

export type Batcher = { add(event: LiveEvent): void; close(): void };

/** Return a batcher that hands over the last event of each record, or a flood where a second had more than fifty. */
export function openBatcher(deliver: (batch: Batch) => void, clock: Clock, now: () => number): Batcher {
  let waiting = new Map<string, LiveEvent>();
  let timer: unknown = null;
  let times: number[] = [];

  function flush(): void {
    timer = null;
    const events = [...waiting.values()];
    waiting = new Map();
    deliver(times.length > FLOOD ? { events: [], flood: true } : { events, flood: false });
  }

  return {
    add(event) {
      const at = now();
      times = [...times.slice(-FLOOD), at].filter((time) => at - time < 1000);
      const before = waiting.get(event.record.id);
      // A record that was created and changed within the tenth of a second is still a new one.
      const action = before?.action === "CREATED" && event.action === "UPDATED" ? "CREATED" : event.action;
      waiting.set(event.record.id, { ...event, action });
      if (timer === null) timer = clock.start(flush, MERGED_MILLISECONDS);
    },
    close() {
      if (timer !== null) clock.stop(timer);
      timer = null;
    },
  };
}
