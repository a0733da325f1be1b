import assert from "node:assert/strict";
import { test } from "node:test";

import { BUDGET, linesOver } from "./budget.mjs";

test("sizes within the budget are no lines, and each one beyond is", () => {
  const { first, route, all } = BUDGET;
  assert.deepEqual(linesOver("records", { first, routes: { records: 40, access: route }, all }), []);
  assert.deepEqual(linesOver("records", { first: 280.1, routes: { records: 40, access: 151 }, all: 900 }), [
    "records: 280.1 kB compressed, more than 280",
    "access: 151 kB compressed, more than 150",
    "the whole console: 900 kB compressed, more than 800",
  ]);
});
