import assert from "node:assert/strict";
import { test } from "node:test";

import { describe, lastOf } from "./plot_words.ts";

test("the last value is that of the last step that a process told of", () => {
  assert.equal(lastOf([1, 2, null, null]), 2);
  assert.equal(lastOf([null]), null);
  assert.equal(lastOf(undefined), null);
  assert.equal(lastOf([0, null]), 0);
});

test("a chart is told in words", () => {
  const requests = {
    id: "requests",
    title: "Requests",
    unit: "a second",
    lines: [
      { series: "requests", label: "All", color: "accent" },
      { series: "errors", label: "Errors", color: "danger" },
      { series: "refused", label: "Refused", color: "warn" },
    ],
  } as const;
  assert.equal(
    describe(requests, { requests: [1234.56, null], errors: [0] }),
    "Requests (a second), last: All 1,230, Errors 0, Refused —",
  );
});
