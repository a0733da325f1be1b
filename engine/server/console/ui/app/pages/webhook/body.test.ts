import assert from "node:assert/strict";
import { test } from "node:test";

import { indented } from "./body.ts";

test("JSON has a line for each member with all digits, and a text that was cut stays as it is", () => {
  assert.equal(indented('{"a":12345678901234567890,"b":[]}'), '{\n  "a": 12345678901234567890,\n  "b": []\n}');
  assert.equal(indented('{"a": 1, "b'), '{"a": 1, "b');
});
