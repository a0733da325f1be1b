import assert from "node:assert/strict";
import { test } from "node:test";

import { RANGES } from "./charts.ts";

test("no range has more steps than the server gives", () => {
  for (const { id, step } of RANGES) {
    assert.ok(Number(id) / step <= 1000);
    assert.ok(step >= 10);
  }
});
