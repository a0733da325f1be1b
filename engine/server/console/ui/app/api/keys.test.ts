import assert from "node:assert/strict";
import { test } from "node:test";

import { areaOf, keyOf } from "./keys.ts";

const SCOPE = { workspace: "acme", role: "admin", version: 0 };

test("a key begins with its area, whose queries are read again together", () => {
  const key = keyOf(SCOPE, "records", "people", "count", { city: "Bonn" });
  for (const area of [areaOf(SCOPE, "records"), areaOf(SCOPE, "records", "people")]) {
    assert.deepEqual(key.slice(0, area.length), area);
  }
});

test("two roles share no answer", () => {
  assert.notDeepEqual(keyOf(SCOPE, "model", null), keyOf({ ...SCOPE, role: "reader" }, "model", null));
});
