import assert from "node:assert/strict";
import { test } from "node:test";
import { changedMembers, exactNumber, exactText, hasRaw, isObject, parseExact, sameJson } from "./exact_json.ts";

test("a number that a double cannot hold keeps all its digits there and back", () => {
  const text = '{"amount":12345678901234567890.123,"plain":1.5,"zeros":12500.00}';
  const value = parseExact(text) as Record<string, unknown>;
  assert.equal(exactText(value.amount), "12345678901234567890.123");
  assert.equal(value.plain, 1.5);
  assert.equal(exactText(value.zeros), "12500.00");
  assert.equal(JSON.stringify(value), text);
});

test("an exact number is sent as a number", () => {
  assert.equal(JSON.stringify({ a: exactNumber("0.1000000000000000000001") }), '{"a":0.1000000000000000000001}');
  assert.equal(exactNumber("7"), 7);
});

test("values are compared by content", () => {
  assert.ok(sameJson({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] }));
  assert.ok(sameJson(parseExact("1.50"), parseExact("1.50")));
  assert.ok(!sameJson(parseExact("1.50"), 1.25));
  assert.ok(!sameJson({ a: undefined }, { b: undefined }));
  assert.ok(!sameJson([], {}));
  assert.ok(!sameJson(null, {}));
});

test("a raw number is no object", () => {
  assert.equal(isObject(parseExact("1.50")), false);
  assert.equal(isObject({}), true);
  assert.equal(isObject([]), false);
});

test("a raw number is found wherever it stands", () => {
  assert.equal(hasRaw(parseExact('[{"hours":null,"parts":[1.5,{"of":12.50}]}]')), true);
  assert.equal(hasRaw(parseExact('[{"hours":null,"parts":[1.5,{"of":"12.50"}]}]')), false);
});

test("the members that differ are those whose content does", () => {
  const before = { name: "Ada", tags: ["a"], size: parseExact("1.50") };
  assert.deepEqual(changedMembers(before, { name: "Ada", tags: ["a"], size: parseExact("1.50") }), {});
  assert.deepEqual(changedMembers(before, { ...before, tags: ["a", "b"] }), { tags: ["a", "b"] });
});
