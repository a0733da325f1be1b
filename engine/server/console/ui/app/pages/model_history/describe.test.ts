import assert from "node:assert/strict";
import { test } from "node:test";

import { describeChanges } from "./describe.ts";

const WORDS: Readonly<Record<string, string>> = { TEXT: "Text", NUMBER: "Number" };
const OBJECTS: Readonly<Record<string, string>> = { "9": "person" };
const describe = (changes: unknown) =>
  describeChanges(
    changes,
    (type) => WORDS[type] ?? type,
    (id) => OBJECTS[String(id)],
  );
const RANK = {
  id: "1",
  kind: "field",
  objectMetadataId: "9",
  name: "rank",
  type: "TEXT",
  label: "Rank",
  status: "READY",
};

test("a created field has its type, a changed one its differences", () => {
  assert.deepEqual(
    describe([
      { action: "createField", before: [], after: [RANK] },
      { action: "updateField", before: [RANK], after: [{ ...RANK, label: "Place", status: "BUILDING" }] },
      { action: "updateField", before: [RANK], after: [{ ...RANK, type: "NUMBER" }] },
      { action: "deleteField", before: [RANK], after: [] },
      { action: "deleteField", before: [{ ...RANK, objectMetadataId: "8" }], after: [] },
    ]),
    [
      "Created field person.rank (Text)",
      "Changed field person.rank (Text): label Rank → Place",
      "Changed field person.rank (Number): type Text → Number",
      "Deleted field person.rank (Text)",
      "Deleted field rank (Text)",
    ],
  );
});

test("an object has its name, an unknown action itself", () => {
  assert.deepEqual(
    describe([
      { action: "createObject", before: [], after: [{ id: "2", kind: "object", nameSingular: "project" }, RANK] },
      { action: "settleIndex", id: "3" },
      null,
    ]),
    ["Created object project", "settleIndex 3", "change"],
  );
});

test("long values are cut, and no list is no changes", () => {
  const [line] = describe([
    { action: "updateField", before: [RANK], after: [{ ...RANK, description: "x".repeat(99) }] },
  ]);
  assert.equal(line, `Changed field person.rank (Text): description empty → ${"x".repeat(60)}…`);
  assert.deepEqual(describe(undefined), []);
});
