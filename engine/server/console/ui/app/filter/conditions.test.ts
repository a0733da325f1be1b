import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldOf } from "../api/testdata/field.ts";
import { timeZone } from "../kit/times.ts";
import { conditionAt, firstValue } from "./conditions.ts";
import { withZone } from "./periods.ts";

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

test("a new period names the zone in which all times are shown, one that names another keeps it, and hours have none", () => {
  assert.deepEqual(firstValue("within"), { last: 7, unit: "DAY", timeZone });
  assert.deepEqual(withZone({ this: true, unit: "HOUR" }), { this: true, unit: "HOUR", timeZone });
  assert.deepEqual(withZone({ last: 2, unit: "HOUR" }), { last: 2, unit: "HOUR" });
  const tokyo = { this: true, unit: "DAY", timeZone: "Asia/Tokyo" };
  assert.deepEqual(withZone(tokyo), tokyo);
  assert.equal(firstValue("inPast"), true);
  assert.equal(firstValue("eq"), undefined);
});
