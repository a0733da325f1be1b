// The one WebSocket of the console: every subscription of every page goes over it, those to records as well.

import { type Client, createClient, type SubscribePayload } from "graphql-ws";

import { reviveExact } from "./exact_json.ts";
import { root } from "./place.ts";
import { viewedRole } from "./view_as.ts";

export type Live = { stop(): void };

export type LiveResult = { data: Readonly<Record<string, unknown>>; position: string | null };

interface Beginning {
  done: Promise<void>;
  /** A read did not wait for it. */
  isLate: boolean;
}

type Listener = (paused: boolean) => void;

/** A socket that is down for so long is told. */
const TOLD_AFTER_MILLISECONDS = 3000;

/** A read waits for so long for the subscriptions that begin: where they take longer, it is repeated behind that. */
const WAITED_MILLISECONDS = 150;

/** The socket is opened again after at most so long, however long the server was away. */
const MOST_WAITED_MILLISECONDS = 10_000;

/** A socket on which nothing comes for so long is asked for a sign of life. */
const QUIET_MILLISECONDS = 10_000;

/** A socket that gives none within so long is taken for lost, though the browser has not noticed yet. */
const ANSWERED_MILLISECONDS = 5000;

let client: Client | null = null;
let paused = false;
let timer: ReturnType<typeof setTimeout> | null = null;
let silence: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<Listener>();
/** The subscriptions that the server has not told of yet that they have begun. */
const beginnings = new Set<Beginning>();

function tell(next: boolean): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  if (paused === next) return;
  paused = next;
  for (const listener of listeners) listener(paused);
}

/**
 * Return the milliseconds before the next try to connect: twice as many after each one, of which `random`, from 0 to 1,
 * may leave out half, since all clients of a server lose it at once.
 */
export function retryWait(retries: number, random: number): number {
  return Math.min(1000 * 2 ** retries, MOST_WAITED_MILLISECONDS) * (1 - random / 2);
}

/** Leave a socket that does not answer: its end would take the browser minutes. */
function expectAnswer(milliseconds: number): void {
  clearTimeout(silence);
  silence = setTimeout(() => client?.terminate(), milliseconds);
}

function open(): Client {
  const address = new URL(`${root}/metadata`, window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return createClient({
    url: address.href,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, retryWait(retries, Math.random()))),
    shouldRetry: () => true,
    jsonMessageReviver: reviveExact,
    keepAlive: QUIET_MILLISECONDS,
    on: {
      connecting: () => expectAnswer(QUIET_MILLISECONDS),
      connected: () => tell(false),
      ping: (isTheirs) => isTheirs || expectAnswer(ANSWERED_MILLISECONDS),
      message: () => clearTimeout(silence),
      closed: () => {
        clearTimeout(silence);
        timer ??= setTimeout(() => tell(true), TOLD_AFTER_MILLISECONDS);
      },
    },
  });
}

export interface Follower {
  next: (result: LiveResult) => void;
  /** The server has told that it has begun. */
  begun?: () => void;
  /** The refusal that ends it. */
  failed: (error: unknown) => void;
  /** It has begun only now: a read before that may lack a change of which no event comes. */
  late: () => void;
  /** Some events while the socket was down do not come: records on the page may be old. */
  missed: () => void;
}

/**
 * Follow records until `stop` is called. After a break it resumes behind the last result, or behind its begin, by the
 * variable `after`; the events of the break are missed if the server cannot go on from there.
 */
export function followRecords(query: string, given: Readonly<Record<string, unknown>>, follower: Follower): Live {
  if (viewedRole() !== null) {
    // A WebSocket of a browser has no headers: it would bring records that the viewed role may not read.
    return { stop: () => undefined };
  }
  // graphql-ws sends this very object again when it has connected again.
  const variables: Record<string, unknown> = { ...given };
  let live: Live = { stop: () => undefined };
  let finish: () => void = () => undefined;
  const beginning: Beginning = { done: new Promise((resolve) => (finish = resolve)), isLate: false };
  let hasBegun = false;
  function settle(): void {
    beginnings.delete(beginning);
    finish();
  }
  function noteBegin(isResumed: boolean): void {
    settle();
    follower.begun?.();
    if (hasBegun && !isResumed) follower.missed();
    else if (!hasBegun && beginning.isLate) follower.late();
    hasBegun = true;
  }
  function begin(): void {
    live = subscribe(
      { query, variables, extensions: { endpoint: "/graphql", begin: true } },
      (result) => {
        const isResumed = variables.after !== undefined;
        if (result.position !== null) variables.after = result.position;
        if (result.data === null) noteBegin(isResumed);
        else follower.next({ data: result.data, position: result.position });
      },
      (error) => {
        if (variables.after !== undefined && isGap(error)) {
          delete variables.after;
          begin();
          return;
        }
        settle();
        follower.failed(error);
      },
    );
  }
  beginnings.add(beginning);
  begin();
  return {
    stop: () => {
      settle();
      live.stop();
    },
  };
}

/**
 * Wait for the subscriptions of the page that begin, for a moment at most: a read behind their begin misses no change,
 * as each later one has its event.
 */
export async function whenBegun(): Promise<void> {
  // The effects of a page begin its subscriptions and its reads in one go.
  await Promise.resolve();
  if (beginnings.size === 0) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise((resolve) => (timer = setTimeout(resolve, WAITED_MILLISECONDS)));
  await Promise.race([Promise.all([...beginnings].map(({ done }) => done)), waited]);
  clearTimeout(timer);
  for (const beginning of beginnings) beginning.isLate = true;
}

function isGap(error: unknown): boolean {
  const first = (Array.isArray(error) ? error[0] : null) as { extensions?: { reason?: unknown } } | null;
  return first?.extensions?.reason === "POSITION_EXPIRED" || first?.extensions?.reason === "POSITION_UNKNOWN";
}

/** Follow the model until `stop` is called; it ends with the session, and the page goes on without it. */
export function followModel(query: string, next: (result: LiveResult) => void): Live {
  return subscribe(
    { query },
    ({ data, position }) => data && next({ data, position }),
    () => undefined,
  );
}

/** Subscribe; a result without data is the begin. */
function subscribe(
  payload: SubscribePayload,
  next: (result: { data: LiveResult["data"] | null; position: string | null }) => void,
  failed: (error: unknown) => void,
): Live {
  client ??= open();
  const stop = client.subscribe<Record<string, unknown>, { position?: string }>(payload, {
    next: ({ data, extensions }) => next({ data: data ?? null, position: extensions?.position ?? null }),
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
