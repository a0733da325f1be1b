// The events of the workspace: the writes of its records, the newest first.

import { metadata } from "../client.ts";
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
  /** The record as the event left it. */
  record: Readonly<Record<string, unknown>> | null;
  changes: readonly { field: string; before: unknown; after: unknown }[] | null;
}

export interface EventPage {
  events: RecordEvent[];
  next: string | null;
}

/** A page of the events of an object and an action, or of all where they are null. */
export async function listEvents(
  object: string | null,
  action: EventAction | null,
  before: string | null,
  signal?: AbortSignal,
): Promise<EventPage> {
  const filter = { ...(object === null ? {} : { object }), ...(action === null ? {} : { actions: [action] }) };
  const { events } = await metadata<{
    events: { edges: readonly { node: RecordEvent }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  }>(EVENTS, { filter, first: 50, before }, { signal });
  return {
    events: events.edges.map(({ node }) => node),
    next: events.pageInfo.hasNextPage ? events.pageInfo.endCursor : null,
  };
}
