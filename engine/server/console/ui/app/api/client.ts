// Requests to the server: the only way in which the console reads and writes.

import { ApiError, readProblems, readRetry, unreachable } from "./errors.ts";
import { parseExact } from "./exact_json.ts";
import { whenBegun } from "./live.ts";
import { withPages } from "./page_limit.ts";
import { root } from "./place.ts";
import { viewedRole } from "./view_as.ts";

/** A read that takes longer is sent again: the server itself ends a statement sooner. */
const READ_MILLISECONDS = 30_000;

/** A request that takes longer is told of. A write is never taken back: the server may still make it. */
const TOLD_AFTER_MILLISECONDS = 10_000;

let noteEnd: () => void = () => undefined;
/** The sessions so far, and the requests that wait for the next one. */
let sessions = 0;
const waiting = new Set<() => void>();

/** Call `listener` when a request is refused because the session has ended, whichever part of a page has sent it. */
export function onSessionEnd(listener: () => void): void {
  noteEnd = listener;
}

/** Send the requests again that were refused because the session before had ended: there is another one. */
export function goOn(): void {
  sessions += 1;
  for (const send of waiting) send();
  waiting.clear();
}

/** The requests that are told of, since the server has not answered them yet. */
let late = 0;
const lateListeners = new Set<() => void>();

export function lateRequests(): number {
  return late;
}

/** Call `listener` when a request is late, and when it is answered after all; the answer ends that. */
export function onLate(listener: () => void): () => void {
  lateListeners.add(listener);
  return () => lateListeners.delete(listener);
}

function noteLate(step: 1 | -1): void {
  late += step;
  for (const listener of lateListeners) listener();
}

export type Endpoint = "graphql" | "metadata";

export interface Options {
  /** Takes the request back: it is a read, and one that is sent again where the server is silent. */
  signal?: AbortSignal | undefined;
  /** The operation of a document with several. */
  operation?: string;
  headers?: Readonly<Record<string, string>>;
  /** Whether the browser sends it to its end even if the page is left meanwhile; for bodies of some kilobytes. */
  keepalive?: boolean;
}

/**
 * The data of an operation.
 *
 * Throws an ApiError when the answer has any error, with those that it lists.
 */
export async function send<T>(
  endpoint: Endpoint,
  query: string,
  variables: object = {},
  { signal, operation, headers = {}, keepalive = false }: Options = {},
): Promise<T> {
  const path = `/${endpoint}`;
  const patience = signal === undefined ? "write" : "read";
  const [document, given] = withPages(query, variables);
  const { response, answer } = await exchange(path, patience, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json",
      ...roleHeader(path),
      ...headers,
    },
    body: JSON.stringify({ query: document, variables: given, operationName: operation }),
    signal: signal ?? null,
    keepalive,
  });
  if (answer.errors !== undefined || answer.data === undefined || answer.data === null) {
    throw refusalOf(response, answer.errors);
  }
  return answer.data as T;
}

/** The data of an operation on records, behind the begin of the subscriptions of its page. */
export async function records<T>(query: string, variables?: object, options?: Options): Promise<T> {
  await whenBegun();
  return send<T>("graphql", query, variables, options);
}

/** The data of an operation on the model, its roles, webhooks and the like. */
export function metadata<T>(query: string, variables?: object, options?: Options): Promise<T> {
  return send<T>("metadata", query, variables, options);
}

/** The `data` of an address that answers JSON and is no GraphQL, or the beginning of CSV: those below /auth and /rest. */
export async function ask<T>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...roleHeader(path) };
  const patience = method === "GET" ? "read" : "write";
  return answerOf<T>(path, patience, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
}

/** The `data` of an address that takes a file as its body. */
export async function upload<T>(path: string, file: Blob, type: string, signal?: AbortSignal): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": type, ...roleHeader(path) };
  return answerOf<T>(path, "file", { method: "POST", headers, body: file, signal: signal ?? null });
}

async function answerOf<T>(path: string, patience: Patience, init: RequestInit): Promise<T> {
  const { response, answer } = await exchange(path, patience, init);
  if (!response.ok) {
    // An address below /rest has its reasons as `messages`.
    const messages = Array.isArray(answer.messages) ? answer.messages.map((message) => ({ message })) : undefined;
    throw refusalOf(response, answer.errors ?? messages);
  }
  return answer.data as T;
}

/** The answer to a request. One that was refused because the session has ended has done nothing: it waits for the next. */
async function exchange(path: string, patience: Patience, init: RequestInit): Promise<Exchange> {
  const session = sessions;
  const { response, answer } = await reach(path, patience, init);
  // A way in refuses a wrong key by the same status.
  if (response.status !== 401 || isDoor(path)) return { response, answer };
  if (session === sessions) {
    noteEnd();
    await nextSession(init.signal ?? null);
  }
  return exchange(path, patience, init);
}

/** Whether an address is a way in or out of the session. */
function isDoor(path: string): boolean {
  return path.startsWith("/auth/");
}

/** The header that gives a request the rights of the viewed role; the session is one's own. */
function roleHeader(path: string): Readonly<Record<string, string>> {
  const role = isDoor(path) ? null : viewedRole();
  return role === null ? {} : { "X-Fieldstone-Role": role };
}

function nextSession(signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.add(resolve);
    signal?.addEventListener("abort", () => {
      waiting.delete(resolve);
      reject(signal.reason);
    });
  });
}

/** The answer to a read is waited for as long as the server may take; those to a write and a file always. */
type Patience = "read" | "write" | "file";

async function reach(path: string, patience: Patience, init: RequestInit): Promise<Exchange> {
  const silence = new AbortController();
  const signals = [silence.signal, ...(init.signal ? [init.signal] : [])];
  let isLate = false;
  function tellLate(): void {
    isLate = true;
    noteLate(1);
  }
  const telling = patience === "file" ? undefined : setTimeout(tellLate, TOLD_AFTER_MILLISECONDS);
  const ending = patience === "read" ? setTimeout(() => silence.abort(), READ_MILLISECONDS) : undefined;
  try {
    const signal = AbortSignal.any(signals);
    const response = await fetch(root + path, { credentials: "same-origin", cache: "no-store", ...init, signal });
    return { response, answer: await readAnswer(response) };
  } catch (error) {
    throw error instanceof TypeError || silence.signal.aborted ? unreachable() : error;
  } finally {
    clearTimeout(telling);
    clearTimeout(ending);
    if (isLate) noteLate(-1);
  }
}

interface Exchange {
  response: Response;
  answer: Answer;
}

interface Answer {
  data?: unknown;
  errors?: unknown;
  messages?: unknown;
}

/** Characters of a file that a page shows the beginning of. */
const BEGINNING = 65_536;

/** The text of a file up to a number of characters; the rest is not received. */
async function readBeginning(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (reader && text.length < BEGINNING) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
  await reader?.cancel();
  return text;
}

async function readAnswer(response: Response): Promise<Answer> {
  if (response.headers.get("Content-Type")?.startsWith("text/csv")) return { data: await readBeginning(response.body) };
  const text = await response.text();
  try {
    const read = parseExact(text);
    return typeof read === "object" && read !== null ? read : {};
  } catch {
    return {};
  }
}

function refusalOf(response: Response, errors: unknown): ApiError {
  const problems = readProblems(errors, response.status);
  return new ApiError(problems, readRetry(problems, response.headers.get("Retry-After"), Date.now()));
}
