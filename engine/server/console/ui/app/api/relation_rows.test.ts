import assert from "node:assert/strict";
import { test } from "node:test";

import { onceEach, type RelationRow } from "./relation_rows.ts";

const EMPLOYER: RelationRow = {
  id: "1",
  type: "MANY_TO_ONE",
  sourceFieldId: "b",
  targetFieldId: "a",
  sourceObject: { nameSingular: "person" },
  sourceField: { label: "Company" },
  targetObject: { nameSingular: "company" },
  targetField: { label: "People" },
};

function turned({ type, ...row }: RelationRow): RelationRow {
  return {
    id: `${row.id} back`,
    type: type === "MANY_TO_ONE" ? "ONE_TO_MANY" : type,
    sourceFieldId: row.targetFieldId,
    targetFieldId: row.sourceFieldId,
    sourceObject: row.targetObject,
    sourceField: row.targetField,
    targetObject: row.sourceObject,
    targetField: row.sourceField,
  };
}

test("a relation that both of its ends list is one, from the object that has the key", () => {
  const found = onceEach([turned(EMPLOYER), EMPLOYER]);
  assert.deepEqual(found, [
    {
      id: "1",
      type: "MANY_TO_ONE",
      source: "person",
      sourceLabel: "Company",
      target: "company",
      targetLabel: "People",
    },
  ]);
});

test("two relations between the same objects are two, and those of many to many are one for both ends", () => {
  const former = { ...EMPLOYER, id: "2", sourceFieldId: "d", targetFieldId: "c" };
  const tags = { ...EMPLOYER, id: "3", type: "MANY_TO_MANY", sourceFieldId: "f", targetFieldId: "e" };
  const found = onceEach([EMPLOYER, former, tags, turned(tags)]);
  assert.deepEqual(
    found.map(({ type }) => type),
    ["MANY_TO_ONE", "MANY_TO_ONE", "MANY_TO_MANY"],
  );
});

test("a relation to an object that the role does not see is left out, and a field that it does not see has no name", () => {
  assert.deepEqual(onceEach([{ ...EMPLOYER, targetObject: null }]), []);
  assert.equal(onceEach([{ ...EMPLOYER, targetField: null }])[0]?.targetLabel, "");
});
