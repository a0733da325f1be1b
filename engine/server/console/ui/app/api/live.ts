// The one WebSocket of the console: every subscription of every page goes over it, those to records as well.

import { type Client, createClient, type SubscribePayload } from "graphql-ws";

import { reviveExact } from "./exact_json.ts";
import { root } from "./place.ts";
import { viewedRole } from "./view_as.ts";

export type Live = { stop(): void };

export type LiveResult = { data: Readonly<Record<string, unknown>>; position: string | null };

type Listener = (paused: boolean) => void;

/** A socket that is down for so long is told. */
const TOLD_AFTER_MILLISECONDS = 3000;

/** The time by which the server has begun a subscription. */
export const BEGUN_MILLISECONDS = 1000;

let client: Client | null = null;
let paused = false;
let timer: ReturnType<typeof setTimeout> | null = null;
const listeners = new Set<Listener>();
const afterBreaks = new Set<() => void>();

function tell(next: boolean): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  if (paused === next) return;
  paused = next;
  for (const listener of listeners) listener(paused);
}

function open(): Client {
  const address = new URL(`${root}/metadata`, window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return createClient({
    url: address.href,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    jsonMessageReviver: reviveExact,
    on: {
      connected: (_socket, _payload, wasRetry) => {
        tell(false);
        if (wasRetry) for (const resume of afterBreaks) resume();
      },
      closed: () => {
        timer ??= setTimeout(() => tell(true), TOLD_AFTER_MILLISECONDS);
      },
    },
  });
}

export interface Follower {
  next: (result: LiveResult) => void;
  /** The refusal that ends it. */
  failed: (error: unknown) => void;
  /** The events while the socket was down do not come: records on the page may be old. */
  missed: () => void;
}

/**
 * Follow records until `stop` is called. After a break it resumes behind the last result, by the variable `after`; where
 * there was none yet, the events of the break are missed.
 */
export function followRecords(query: string, given: Readonly<Record<string, unknown>>, follower: Follower): Live {
  if (viewedRole() !== null) {
    // A WebSocket of a browser has no headers: it would bring records that the viewed role may not read.
    return { stop: () => undefined };
  }
  // graphql-ws sends this very object again when it has connected again.
  const variables: Record<string, unknown> = { ...given };
  let live: Live = { stop: () => undefined };
  function begin(): void {
    live = subscribe(
      { query, variables, extensions: { endpoint: "/graphql" } },
      (result) => {
        if (result.position !== null) variables.after = result.position;
        follower.next(result);
      },
      (error) => {
        if (variables.after === undefined || !isGap(error)) {
          follower.failed(error);
          return;
        }
        delete variables.after;
        begin();
        follower.missed();
      },
    );
  }
  function resume(): void {
    if (variables.after === undefined) setTimeout(follower.missed, BEGUN_MILLISECONDS);
  }
  begin();
  afterBreaks.add(resume);
  return {
    stop: () => {
      afterBreaks.delete(resume);
      live.stop();
    },
  };
}

function isGap(error: unknown): boolean {
  const first = (Array.isArray(error) ? error[0] : null) as { extensions?: { reason?: unknown } } | null;
  return first?.extensions?.reason === "POSITION_EXPIRED" || first?.extensions?.reason === "POSITION_UNKNOWN";
}

/** Follow the model until `stop` is called; it ends with the session, and the page goes on without it. */
export function followModel(query: string, next: (result: LiveResult) => void): Live {
  return subscribe({ query }, next, () => undefined);
}

function subscribe(
  payload: SubscribePayload,
  next: (result: LiveResult) => void,
  failed: (error: unknown) => void,
): Live {
  client ??= open();
  const stop = client.subscribe<Record<string, unknown>, { position?: string }>(payload, {
    next: ({ data, extensions }) => data && next({ data, position: extensions?.position ?? null }),
    error: failed,
    complete: () => undefined,
  });
  return { stop };
}

export function isPaused(): boolean {
  return paused;
}

/** Call `listener` when live updates pause and go on; the answer ends that. */
export function onPause(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
