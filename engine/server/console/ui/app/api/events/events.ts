// The events of the workspace: the writes of its records, the newest first.

import { metadata } from "../client.ts";
import { whenBegun } from "../live.ts";
import EVENTS from "./events.graphql";

export const ACTIONS = ["CREATED", "UPDATED", "DELETED", "RESTORED", "DESTROYED"] as const;

export type EventAction = (typeof ACTIONS)[number];

export interface RecordEvent {
  id: string;
  action: EventAction;
  object: string;
  recordId: string;
  at: string;
  actor: { kind: string; id: string | null; name: string } | null;
  /** The record as the event left it, if that was asked for. */
  record?: Readonly<Record<string, unknown>> | null;
  changes: readonly { field: string; before: unknown; after: unknown }[] | null;
}

export interface EventPage {
  events: RecordEvent[];
  next: string | null;
}

/** The events that are meant: those of an object, an action or a record; all where nothing is said. */
export interface EventFilter {
  object?: string;
  actions?: readonly EventAction[];
  recordId?: string;
}

/** A page of events; each has the record as well where that is asked for. */
export async function listEvents(
  filter: EventFilter,
  { first, before, withRecord }: { first: number; before: string | null; withRecord: boolean },
  signal?: AbortSignal,
): Promise<EventPage> {
  await whenBegun();
  const { events } = await metadata<{
    events: { edges: readonly { node: RecordEvent }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  }>(EVENTS, { filter, first, before, withRecord }, { signal });
  return {
    events: events.edges.map(({ node }) => node),
    next: events.pageInfo.hasNextPage ? events.pageInfo.endCursor : null,
  };
}
