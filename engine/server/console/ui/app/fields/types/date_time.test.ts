import assert from "node:assert/strict";
import { test } from "node:test";

import { toLocal, withOffsetOf } from "./date_time.ts";

test("a minute that is changed in an hour that comes twice stays in its own one of both", () => {
  process.env.TZ = "Europe/Berlin";
  const [first, second] = ["2024-10-27T00:31:00Z", "2024-10-27T01:31:00Z"];
  assert.equal(toLocal(first), toLocal(second));
  assert.equal(withOffsetOf("2024-10-27T01:30:00Z", first), second);
  assert.equal(withOffsetOf("2024-10-27T00:30:00Z", first), first);
  // Other hours have one instant, whatever the offset of the value before.
  assert.equal(withOffsetOf("2024-01-01T00:00:00Z", "2024-07-01T10:00:00Z"), "2024-07-01T10:00:00Z");
  assert.equal(withOffsetOf("2024-07-01T10:00:00Z", "2024-01-01T00:00:00.5Z"), "2024-01-01T00:00:00.5Z");
});
