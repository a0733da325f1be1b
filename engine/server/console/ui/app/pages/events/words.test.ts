import assert from "node:assert/strict";
import { test } from "node:test";

import { changesOf, nameOf } from "./words.ts";

test("a record is named by its names, else by its title or address, else by its id", () => {
  const recordId = "01a21ebf-66d2-7953-840a-446a844b02a0";
  assert.equal(nameOf({ recordId, record: { firstName: "Ada", lastName: "Lovelace", email: "a@x" } }), "Ada Lovelace");
  assert.equal(nameOf({ recordId, record: { firstName: null, email: "a@x" } }), "a@x");
  assert.equal(nameOf({ recordId, record: { name: "" } }), "01a21ebf");
  assert.equal(nameOf({ recordId, record: null }), "01a21ebf");
  assert.equal(nameOf({ recordId, record: { name: "long ".repeat(60) } }).length, 81);
});

test("an update tells its fields, and no other event does", () => {
  const changes = [
    { field: "city", before: null, after: "Wien" },
    { field: "tags", before: ["a"], after: [] },
  ];
  assert.equal(changesOf({ action: "UPDATED", changes }), 'city: — → Wien; tags: ["a"] → []');
  assert.equal(changesOf({ action: "CREATED", changes }), "");
  assert.equal(changesOf({ action: "UPDATED", changes: null }), "");
  const long = changesOf({ action: "UPDATED", changes: [{ field: "x", before: "a".repeat(99), after: 1 }] });
  assert.equal(long, `x: ${"a".repeat(60)}… → 1`);
});
