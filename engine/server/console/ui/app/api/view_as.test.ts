import assert from "node:assert/strict";
import { test } from "node:test";

import { viewAs, viewedRole } from "./view_as.ts";

test("requests have the rights of the viewed role until that is stopped", () => {
  assert.equal(viewedRole(), null);
  viewAs("reader");
  assert.equal(viewedRole(), "reader");
  viewAs(null);
  assert.equal(viewedRole(), null);
});
