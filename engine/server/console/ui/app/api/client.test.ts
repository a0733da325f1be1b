import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { ask, goOn, lateRequests, metadata, onLate, onSessionEnd, records, upload } from "./client.ts";
import { ApiError } from "./errors.ts";
import { viewAs } from "./view_as.ts";

// The network: each request, and the answers in their order.
const asked: { path: string; init: RequestInit }[] = [];
let answers: (Response | Error)[] = [];
const network = globalThis.fetch;

beforeEach(() => {
  asked.length = 0;
  globalThis.fetch = async (path, init = {}) => {
    asked.push({ path: String(path), init });
    const answer = answers.shift() ?? new Error("no answer is left");
    if (answer instanceof Error) throw answer;
    return answer;
  };
});
afterEach(() => {
  globalThis.fetch = network;
  viewAs(null);
});

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

async function refused(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

test("an operation is sent to its endpoint with its variables, and the viewed role in a header", async () => {
  answers = [json({ data: { people: [] } }), json({ data: { me: {} } })];
  assert.deepEqual(await records("query Q { people }", { first: 1 }), { people: [] });
  viewAs("reader");
  await metadata("query Q { me }", {}, { operation: "Q" });
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["/graphql", "/metadata"],
  );
  assert.deepEqual(JSON.parse(String(asked[0]?.init.body)), { query: "query Q { people }", variables: { first: 1 } });
  const roles = asked.map(({ init }) => new Headers(init.headers).get("X-Fieldstone-Role"));
  assert.deepEqual(roles, [null, "reader"]);
  assert.equal(JSON.parse(String(asked[1]?.init.body)).operationName, "Q");
});

test("addresses of REST have the rights of the viewed role, and the session is one's own", async () => {
  answers = [json({ data: {} }), json({ data: {} }), json({ data: {} })];
  viewAs("reader");
  await ask("POST", "/rest/imports/1/run", {});
  await upload("/rest/imports", new Blob(["a"]), "text/csv");
  await ask("GET", "/auth/sign-in");
  const roles = asked.map(({ init }) => new Headers(init.headers).get("X-Fieldstone-Role"));
  assert.deepEqual(roles, ["reader", "reader", null]);
});

test("an answer with any error is refused with all of them", async () => {
  const errors = [
    { message: "One.", extensions: { code: "BAD_USER_INPUT", field: "email" } },
    { message: "Two.", extensions: { code: "BAD_USER_INPUT" } },
  ];
  answers = [json({ data: { one: 1 }, errors })];
  const first = await refused(metadata("{ one }"));
  assert.deepEqual([first.code, first.field, first.problems.length], ["BAD_USER_INPUT", "email", 2]);
});

const ended = () => json({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }, 401);

test("requests of an ended session are sent again with the next one, unless they are taken back", async () => {
  let ends = 0;
  onSessionEnd(() => ends++);
  answers = [ended(), json({ messages: ["Sign in."] }, 401), ended(), json({ data: 1 }), json({ data: { import: 2 } })];
  const taken = new AbortController();
  const sent = [
    metadata("{ one }"),
    upload("/rest/imports", new Blob(["a"]), "text/csv"),
    metadata("{ two }", {}, { signal: taken.signal }),
  ];
  while (asked.length < 3 || ends < 3) await new Promise((resolve) => setImmediate(resolve));
  taken.abort();
  await assert.rejects(sent[2] ?? Promise.resolve(), { name: "AbortError" });
  goOn();
  assert.deepEqual(await Promise.all(sent.slice(0, 2)), [1, { import: 2 }]);
  assert.equal(asked.length, 5);
  assert.equal(ends, 3);
});

test("a refusal that comes behind the next session is none of that", async () => {
  onSessionEnd(() => assert.fail("the session has not ended"));
  answers = [ended(), json({ data: 1 })];
  const sent = metadata("{ one }");
  goOn();
  assert.equal(await sent, 1);
});

test("a wrong key is refused at once", async () => {
  onSessionEnd(() => assert.fail("there was no session"));
  answers = [ended()];
  assert.equal((await refused(ask("POST", "/auth/sign-in", { key: "fs_wrong" }))).code, "UNAUTHENTICATED");
});

test("a server that is away, one that limits, and one that says nothing are told apart", async () => {
  const limited = { errors: [{ message: "Too many.", extensions: { code: "RATE_LIMIT_EXCEEDED" } }] };
  answers = [new TypeError("Failed to fetch"), json(limited, 429, { "Retry-After": "7" }), new Response("<html>")];
  assert.equal((await refused(metadata("{ one }"))).code, "UNREACHABLE");
  assert.equal((await refused(metadata("{ one }"))).retryIn, 7000);
  assert.equal((await refused(metadata("{ one }"))).code, "INTERNAL_SERVER_ERROR");
});

test("a request that was taken back is no fault of the server", async () => {
  answers = [new DOMException("taken back", "AbortError")];
  await assert.rejects(metadata("{ one }"), { name: "AbortError" });
});

test("addresses of REST answer data, or their reasons as messages", async () => {
  answers = [json({ data: { import: { id: "1" } } }), json({ messages: ["The file is empty."] }, 400)];
  assert.deepEqual(await upload("/rest/imports", new Blob(["a"]), "text/csv"), { import: { id: "1" } });
  assert.equal(new Headers(asked[0]?.init.headers).get("Content-Type"), "text/csv");
  assert.equal((await refused(ask("POST", "/rest/imports/1/run", {}))).message, "The file is empty.");
});

/** A network that is silent: each request ends when it is taken back, or when `answer` is called. */
function silence(): { answer(): void } {
  const open: (() => void)[] = [];
  globalThis.fetch = (_path, { signal } = {}) =>
    new Promise((resolve, reject) => {
      open.push(() => resolve(json({ data: { made: true } })));
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  return { answer: () => open.shift()?.() };
}

test("a read of a silent server is told of, and ends after thirty seconds as one that cannot be reached", async () => {
  silence();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const reads = [metadata("{ me }", {}, { signal: new AbortController().signal }), ask("GET", "/auth/sign-in")];
    const ends = Promise.all(reads.map(refused));
    mock.timers.tick(29_999);
    const early = await Promise.race([ends, Promise.resolve("waits")]);
    assert.equal(early, "waits");
    assert.equal(lateRequests(), 2);
    mock.timers.tick(1);
    for (const error of await ends) assert.deepEqual([error.code, error.retryIn], ["UNREACHABLE", 2000]);
    assert.equal(lateRequests(), 0);
  } finally {
    mock.timers.reset();
  }
});

test("a write to a silent server is told of after ten seconds, and waits for its answer", async () => {
  const network = silence();
  const told: number[] = [];
  const stop = onLate(() => told.push(lateRequests()));
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const write = metadata("mutation M { make }");
    const file = upload("/rest/imports", new Blob(["a"]), "text/csv");
    mock.timers.tick(9999);
    assert.deepEqual(told, []);
    mock.timers.tick(600_000);
    assert.deepEqual(told, [1]);
    network.answer();
    assert.deepEqual(await write, { made: true });
    assert.deepEqual(told, [1, 0]);
    network.answer();
    await file;
  } finally {
    mock.timers.reset();
    stop();
  }
});
