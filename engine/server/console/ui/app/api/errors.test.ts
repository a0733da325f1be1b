import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ApiError,
  byField,
  describeFailure,
  isRepeated,
  isUnsure,
  readProblems,
  readRetry,
  unreachable,
} from "./errors.ts";

const LIMITED = { message: "Too many.", extensions: { code: "RATE_LIMIT_EXCEEDED", resetAt: 5_000 } };

test("an error has its code, its field and its path", () => {
  const [problem] = readProblems(
    [
      {
        message: "Field 'email' is required",
        path: ["createPerson"],
        extensions: { code: "BAD_USER_INPUT", field: "email" },
      },
    ],
    200,
  );
  assert.equal(problem?.code, "BAD_USER_INPUT");
  assert.equal(problem?.field, "email");
  assert.deepEqual(problem?.path, ["createPerson"]);
});

test("an answer without errors that failed all the same has its status", () => {
  for (const errors of [undefined, null, [], "x"]) {
    assert.match(readProblems(errors, 502)[0]?.message ?? "", /502/);
  }
});

test("a refusal for the rate is repeated at its reset, an overload after the header, others never", () => {
  assert.equal(readRetry(readProblems([LIMITED], 429), "9", 3_000), 2_000);
  assert.equal(readRetry(readProblems([LIMITED], 429), "9", 9_000), 0);
  const busy = readProblems([{ extensions: { code: "OVERLOADED" } }], 503);
  assert.equal(readRetry(busy, "3", 0), 3_000);
  assert.equal(readRetry(busy, null, 0), 1_000);
  assert.equal(readRetry(readProblems([{ extensions: { code: "CONFLICT" } }], 409), "3", 0), null);
});

test("problems are gathered by field", () => {
  const given = [
    { message: "a", extensions: { field: "name" } },
    { message: "b", extensions: { field: "name" } },
    { message: "c" },
  ];
  const found = byField(new ApiError(readProblems(given, 200)));
  assert.deepEqual(
    [...found],
    [
      ["name", "a\nb"],
      ["", "c"],
    ],
  );
  assert.equal(byField(new Error("x")).size, 0);
});

test("a write that no answer came for may have been kept, and a refused one was not", () => {
  assert.equal(isUnsure(unreachable()), true);
  assert.equal(isUnsure(new ApiError(readProblems([LIMITED], 429))), false);
  assert.equal(isUnsure(new ApiError(readProblems(undefined, 504))), true);
  assert.equal(isUnsure(new TypeError("no")), false);
});

test("a read is repeated a few times, one to a server that is away for as long as it takes, and a refused one never", () => {
  const limited = new ApiError(readProblems([LIMITED], 429), 2_000);
  assert.deepEqual(
    [0, 4, 5].map((count) => isRepeated(count, limited)),
    [true, true, false],
  );
  assert.equal(isRepeated(1000, unreachable()), true);
  for (const status of [502, 503, 504]) {
    const problems = readProblems(undefined, status);
    assert.equal(isRepeated(1000, new ApiError(problems, readRetry(problems, null, 0))), true);
  }
  assert.equal(isRepeated(0, new ApiError(readProblems([], 500))), false);
  assert.equal(isRepeated(0, new TypeError("no")), false);
});

test("a write is told as refused only where it is sure that nothing was kept", () => {
  const refused = new ApiError([{ code: "FORBIDDEN", message: "No.", field: null, path: [], extensions: {} }]);
  assert.deepEqual(describeFailure(refused, "Nothing was created."), { title: "Nothing was created.", text: "No." });
  const { title, text } = describeFailure(unreachable(), "Nothing was created.");
  assert.doesNotMatch(title, /Nothing/);
  assert.match(text, /may or may not have been kept/);
});
