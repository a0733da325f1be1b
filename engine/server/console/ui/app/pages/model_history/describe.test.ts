import assert from "node:assert/strict";
import { test } from "node:test";

import { describeChanges } from "./describe.ts";

const RANK = { id: "1", kind: "field", name: "rank", type: "TEXT", label: "Rank", status: "READY" };

test("a created field has its type, a changed one its differences", () => {
  assert.deepEqual(
    describeChanges([
      { action: "createField", before: [], after: [RANK] },
      { action: "updateField", before: [RANK], after: [{ ...RANK, label: "Place", status: "BUILDING" }] },
      { action: "deleteField", before: [RANK], after: [] },
    ]),
    ["Created field rank (TEXT)", "Changed field rank (TEXT): label Rank → Place", "Deleted field rank (TEXT)"],
  );
});

test("an object has its name, an unknown action itself", () => {
  assert.deepEqual(
    describeChanges([
      { action: "createObject", before: [], after: [{ id: "2", kind: "object", nameSingular: "project" }, RANK] },
      { action: "settleIndex", id: "3" },
      null,
    ]),
    ["Created object project", "settleIndex 3", "change"],
  );
});

test("long values are cut, and no list is no changes", () => {
  const [line] = describeChanges([
    { action: "updateField", before: [RANK], after: [{ ...RANK, description: "x".repeat(99) }] },
  ]);
  assert.equal(line, `Changed field rank (TEXT): description empty → ${"x".repeat(60)}…`);
  assert.deepEqual(describeChanges(undefined), []);
});
