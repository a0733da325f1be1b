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

let client: Client | null = null;
let paused = false;
let timer: ReturnType<typeof setTimeout> | null = null;
const listeners = new Set<Listener>();

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
      connected: () => tell(false),
      closed: () => {
        timer ??= setTimeout(() => tell(true), TOLD_AFTER_MILLISECONDS);
      },
    },
  });
}

/** Follow records until `stop` is called: `next` gets each result, and `failed` the refusal that ends it. */
export function followRecords(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  next: (result: LiveResult) => void,
  failed: (error: unknown) => void,
): Live {
  if (viewedRole() !== null) {
    // A WebSocket of a browser has no headers: it would bring records that the viewed role may not read.
    return { stop: () => undefined };
  }
  return subscribe({ query, variables, extensions: { endpoint: "/graphql" } }, next, failed);
}

/** Follow the model, likewise; it ends with the session, and the page goes on without it. */
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
