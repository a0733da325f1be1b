import assert from "node:assert/strict";
import { test } from "node:test";
import { findOperator, isOperator, operatorsOf } from "./operators.ts";

const SETS = ["equality", "ordered", "dated", "text", "json", "list", "search", "none"] as const;

test("each set offers operators that are known, none of them twice", () => {
  for (const set of SETS) {
    const names = operatorsOf(set).map((operator) => operator.name);
    assert.ok(names.includes("is"), set);
    assert.equal(new Set(names).size, names.length, set);
  }
  assert.equal(operatorsOf("text").length, 16);
});

test("isNot and isToday are read, and never offered", () => {
  assert.equal(findOperator("isNot")?.operand, "null");
  assert.equal(findOperator("isToday")?.operand, "flag");
  const offered = SETS.flatMap(operatorsOf).map(({ name }) => name);
  assert.ok(!offered.includes("isNot") && !offered.includes("isToday"));
});

test("a name of the object prototype is no operator", () => {
  assert.equal(isOperator("constructor"), false);
  assert.equal(findOperator("toString"), undefined);
  assert.equal(isOperator("between"), true);
});
