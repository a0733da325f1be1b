import assert from "node:assert/strict";
import { test } from "node:test";

import { cut } from "./texts.ts";

test("a long text is cut between its characters", () => {
  assert.deepEqual([cut("abc", 3), cut("abcd", 3)], ["abc", "abc…"]);
  assert.deepEqual([cut("ab😀d", 3), cut("a😀bd", 3)], ["ab…", "a😀…"]);
});
