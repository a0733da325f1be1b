// The errors of the APIs, read by their code and field, never by their text: docs/reference/errors.md.

/** One error as an API answers it. */
export interface Problem {
  code: string;
  message: string;
  /** The input that caused it: `email`, `data[17].email`. */
  field: string | null;
  path: readonly (string | number)[];
  extensions: Readonly<Record<string, unknown>>;
}

/** A refused request: the first of its problems, and all of them. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problems: readonly Problem[];
  readonly code: string;
  readonly field: string | null;
  /** Milliseconds until a repeated request may succeed; null where it would be refused again. */
  readonly retryIn: number | null;
  /** When that is, in milliseconds since 1970. */
  readonly retryAt: number | null;

  constructor(problems: readonly Problem[], retryIn: number | null = null) {
    const first = problems[0] ?? unreadable(0);
    super(first.message);
    this.problems = problems;
    this.code = first.code;
    this.field = first.field;
    this.retryIn = retryIn;
    this.retryAt = retryIn === null ? null : Date.now() + retryIn;
  }
}

/** Codes of a request that may succeed later as it stands. */
const PASSING = new Set(["SERVICE_UNAVAILABLE", "OVERLOADED", "RATE_LIMIT_EXCEEDED", "UNREACHABLE"]);

/** The statuses with which a proxy answers while the server behind it is away. */
const AWAY = new Set([502, 503, 504]);

/** The errors in an answer's `errors`; `status` is that of the response. */
export function readProblems(errors: unknown, status: number): Problem[] {
  if (!Array.isArray(errors) || errors.length === 0) {
    return [unreadable(status)];
  }
  return errors.map((error: unknown) => {
    const read = asObject(error);
    const extensions = asObject(read.extensions);
    return {
      code: typeof extensions.code === "string" ? extensions.code : "INTERNAL_SERVER_ERROR",
      message: typeof read.message === "string" ? read.message : "The server refused the request.",
      field: typeof extensions.field === "string" ? extensions.field : null,
      path: Array.isArray(read.path) ? read.path : [],
      extensions,
    };
  });
}

/** The milliseconds after which a refused request may be sent again; null where that is of no use. */
export function readRetry(problems: readonly Problem[], retryAfter: string | null, now: number): number | null {
  const first = problems[0];
  if (first === undefined || !PASSING.has(first.code)) {
    return null;
  }
  const resetAt = first.extensions.resetAt;
  if (typeof resetAt === "number") {
    return Math.max(resetAt - now, 0);
  }
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1000;
}

/** The problem of a server that could not be reached. */
export function unreachable(): ApiError {
  const message = "The server cannot be reached.";
  return new ApiError([{ code: "UNREACHABLE", message, field: null, path: [], extensions: {} }], 2000);
}

/** The tries of a read that was refused for a while: the server may have too much to do. */
const TRIES = 5;

/** Whether a read is sent again by itself after `count` tries; one to a server that is away always is. */
export function isRepeated(count: number, error: unknown): boolean {
  return error instanceof ApiError && error.retryIn !== null && (count < TRIES || error.code === "UNREACHABLE");
}

/** Whether a refused write may have been kept all the same: nobody knows what became of it. */
export function isUnsure(error: unknown): boolean {
  return error instanceof ApiError && ["SERVICE_UNAVAILABLE", "UNREACHABLE"].includes(error.code);
}

/** The title and the text of a refused write: `nothing` is the title where it is sure that nothing was kept. */
export interface Failure {
  title: string;
  text: string;
}

export function describeFailure(error: unknown, nothing = "Nothing was written."): Failure {
  const text = error instanceof Error ? error.message : String(error);
  if (!isUnsure(error)) return { title: nothing, text };
  const advice = "The change may or may not have been kept: look before you repeat it.";
  return { title: "The result of this write is not known.", text: `${text} ${advice}` };
}

/** The problems of `error` by the field they stand at; those of no field are under "". */
export function byField(error: unknown): ReadonlyMap<string, string> {
  return gather(error instanceof ApiError ? error.problems : []);
}

/** The messages of problems by the field they stand at. */
export function gather(problems: readonly Pick<Problem, "field" | "message">[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { field, message } of problems) {
    const key = field ?? "";
    found.set(key, found.has(key) ? `${found.get(key)}\n${message}` : message);
  }
  return found;
}

function unreadable(status: number): Problem {
  const message = `The server answered with status ${status} and no reason.`;
  const code = AWAY.has(status) ? "UNREACHABLE" : "INTERNAL_SERVER_ERROR";
  return { code, message, field: null, path: [], extensions: {} };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
