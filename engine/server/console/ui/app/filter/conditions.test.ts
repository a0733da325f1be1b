import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldOf } from "../api/testdata/field.ts";
import { conditionAt } from "./conditions.ts";

const fields = [fieldOf("title", "TEXT"), fieldOf("stage", "SELECT")];
const fieldsAt = () => fields;

test("a new condition has the first operator of its field", () => {
  assert.equal(conditionAt(["title"], fieldsAt).operator, "contains");
  assert.equal(conditionAt(["stage"], fieldsAt).operator, "eq");
});

test("an operator stays with another field only if it has a value", () => {
  const before = { kind: "condition", path: ["title"], operator: "contains" } as const;
  assert.equal(conditionAt(["stage"], fieldsAt, { ...before, value: undefined }).operator, "eq");
  assert.equal(conditionAt(["stage"], fieldsAt, { ...before, value: "O" }).operator, "contains");
});
