import assert from "node:assert/strict";
import { test } from "node:test";

import { retryWait, whenBegun } from "./live.ts";

test("the socket is tried again twice as late each time, and after ten seconds at most", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 2000].map((retries) => retryWait(retries, 0)),
    [1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  assert.equal(retryWait(2000, 1), 5000);
});

test("a page without subscriptions reads at once", async () => {
  await whenBegun();
});
