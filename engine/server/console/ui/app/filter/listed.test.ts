import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldOf } from "../api/testdata/field.ts";
import { parseListed, printListed } from "./listed.ts";

test("a list of amounts is opened as it was typed", () => {
  const amount = fieldOf("amountMicros", "MICROS");
  const values = parseListed("12.50, 3", amount);
  assert.deepEqual(values, ["12500000", "3000000"]);
  assert.equal(printListed(values, amount), "12.50, 3.00");
  assert.deepEqual(parseListed(printListed(values, amount), amount), values);
});

test("a list with a text that is no value of the field is none", () => {
  assert.equal(parseListed("12.50, many", fieldOf("amountMicros", "MICROS")), null);
  assert.deepEqual(parseListed(" red,, blue ", fieldOf("tags", "ARRAY")), ["red", "blue"]);
  assert.deepEqual(parseListed("a, b", null), ["a", "b"]);
  assert.equal(printListed(["a", "b"], null), "a, b");
});

test("a value that has a comma itself stands in quotes", () => {
  for (const values of [["Doe, John", "b"], [" a", 'say "hi"', '"x", y', '"'], ["", "a"], ["a,"], ['a"b', "5'"]]) {
    assert.deepEqual(parseListed(printListed(values, null), null), values);
  }
  assert.equal(printListed(["Doe, John", "b"], null), '"Doe, John", b');
  assert.deepEqual(parseListed('"Doe, John" , b,', null), ["Doe, John", "b"]);
  // One that is not closed yet, or goes on behind its end, is as it stands.
  assert.deepEqual(parseListed('"Doe, John', null), ['"Doe', "John"]);
  assert.deepEqual(parseListed('"a" b, c', null), ['"a" b', "c"]);
});
