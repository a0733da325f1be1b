import assert from "node:assert/strict";
import { test } from "node:test";

import { recordsOf } from "./bulk.ts";

test("records that are not counted yet have no number", () => {
  assert.equal(recordsOf(undefined), "all records");
  assert.equal(recordsOf(1), "1 record");
  assert.equal(recordsOf(1200), "1,200 records");
});
