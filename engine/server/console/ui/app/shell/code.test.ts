import assert from "node:assert/strict";
import { test } from "node:test";

import { readCode } from "./code.ts";

test("a code is read from the fragment", () => {
  assert.equal(readCode("#code=a-B_9"), "a-B_9");
  for (const hash of ["", "#", "#code=", "#key=x", "#section"]) {
    assert.equal(readCode(hash), null);
  }
});
