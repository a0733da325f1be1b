import assert from "node:assert/strict";
import { test } from "node:test";

import { printCount, printNumber, printShare } from "./numbers.ts";

test("numbers have a comma between groups of three digits, whatever the language of the browser", () => {
  assert.equal(printCount(12500), "12,500");
  assert.equal(printCount("9223372036854775807"), "9,223,372,036,854,775,807");
  assert.equal(printNumber(1234.5), "1,230");
  assert.equal(printNumber(0.01234), "0.0123");
  assert.equal(printNumber(null), "—");
});

test("a share of almost all is not all", () => {
  assert.equal(printShare(9999, 10_000), "99.9 %");
  assert.equal(printShare(5, 5), "100 %");
  assert.equal(printShare(1, 3), "33.3 %");
  assert.equal(printShare(0, 0), "—");
});
