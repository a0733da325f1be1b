import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldOfClaim, valuesOf, withValue } from "./claim_values.ts";

test("a claim has the editor of its type, and a list one of texts", () => {
  assert.equal(fieldOfClaim({ name: "a", type: "UUID" }).type, "UUID");
  assert.deepEqual(fieldOfClaim({ name: "a", type: "INT" }).settings, { dataType: "int" });
  assert.equal(fieldOfClaim({ name: "a", type: "NUMBER" }).type, "NUMBER");
  assert.equal(fieldOfClaim({ name: "a", type: "INT", isList: true }).type, "ARRAY");
});

test("a value is kept under its name, and null takes it away", () => {
  const claim = { name: "city", type: "TEXT" };
  assert.deepEqual(withValue({ team: 1 }, claim, "Bonn"), { team: 1, city: "Bonn" });
  assert.deepEqual(withValue({ team: 1, city: "Bonn" }, claim, null), { team: 1 });
});

// A regression: a key got the values that were given before another role was chosen, which the server refuses.
test("the values are those of the claims of the role alone", () => {
  const claims = [
    { name: "city", type: "TEXT" },
    { name: "team", type: "UUID" },
  ];
  assert.deepEqual(valuesOf(claims, { city: "Bonn", blocked: ["x"] }), { city: "Bonn" });
});

test("the items of a list have its type where they can", () => {
  const list = (type: string, items: readonly string[]) => withValue({}, { name: "x", type, isList: true }, items).x;
  assert.deepEqual(list("INT", ["1", "two"]), [1, "two"]);
  assert.equal(JSON.stringify(list("NUMBER", ["12345678901234567.89", "0x10"])), '[12345678901234567.89,"0x10"]');
  assert.deepEqual(list("BOOLEAN", ["true", "false", "1"]), [true, false, "1"]);
  assert.deepEqual(list("TEXT", ["1"]), ["1"]);
});
