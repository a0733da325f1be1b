import assert from "node:assert/strict";
import { test } from "node:test";

import { limitPages, pageOf, withPages } from "./page_limit.ts";

test("a page is no longer than the role's largest one", () => {
  limitPages(20);
  const document =
    "query ($first: Int = 1) { objects(first: $first) { fields(first: 200, after: $after) { x(first: 0) } } }";
  assert.deepEqual(withPages(document, { first: 50, after: "a" }), [
    "query ($first: Int = 1) { objects(first: $first) { fields(first: 20, after: $after) { x(first: 0) } } }",
    { first: 20, after: "a" },
  ]);
  limitPages(undefined);
  assert.deepEqual(withPages(document, { first: 50 }), [document, { first: 50 }]);
  assert.equal(pageOf(100), 100);
});
