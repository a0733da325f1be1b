import assert from "node:assert/strict";
import { test } from "node:test";

import { printHour, printTime } from "./times.ts";

test("a time is printed to the minute or to the second, and what is none stays as it is", () => {
  // Without an offset it is a time of the reader's zone, whichever that is.
  assert.equal(printTime("2024-01-02T03:29:05.250"), "2 Jan 2024, 03:29");
  assert.equal(printTime("2024-01-02T03:29:05.250", true), "2 Jan 2024, 03:29:05");
  assert.equal(printTime("soon"), "soon");
  assert.equal(printTime(null), "—");
});

test("an hour has no day", () => {
  assert.equal(printHour(new Date("2024-01-02T15:29:05").getTime() / 1000), "15:29");
});
