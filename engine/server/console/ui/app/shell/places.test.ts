import assert from "node:assert/strict";
import { test } from "node:test";

import { places } from "./places.ts";

const labels = (...settings: string[]) => places({ settings }).map(({ label }) => label);

test("a role sees the pages that one of its settings opens, and those that need none", () => {
  assert.deepEqual(labels(), ["Events", "API"]);
  assert.deepEqual(labels("AUDIT"), ["Access", "Events", "API"]);
  assert.deepEqual(labels("DATA_MODEL", "METRICS"), ["Data model", "Events", "Operations", "API"]);
});
