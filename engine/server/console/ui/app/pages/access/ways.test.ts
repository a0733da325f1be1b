import assert from "node:assert/strict";
import { test } from "node:test";

import { namesField, readWays, WAY_MEMBERS, withField, writeWays } from "./ways.ts";

const OWN = { rule: { ownerId: { eq: "$principal.userId" } } };
const WHOLE = {
  ...OWN,
  fields: { only: ["amount", "stage"] },
  check: { amount: { lte: 1_000_000 } },
  preset: { ownerId: "$principal.userId" },
};

test("ways come back as they were: one alone, several as a list, none as null", () => {
  for (const given of [
    {},
    OWN,
    WHOLE,
    [OWN, {}],
    [WHOLE, { fields: { allBut: [] } }],
    { check: {} },
    { fields: { only: [] } },
  ]) {
    assert.deepEqual(writeWays(readWays(given)), given);
  }
  for (const given of [null, undefined, []]) {
    assert.equal(writeWays(readWays(given)), null);
  }
});

test("members that say nothing are left out", () => {
  assert.deepEqual(writeWays(readWays({ rule: {}, preset: {}, fields: null, check: null })), {});
  assert.deepEqual(writeWays(readWays([{ rule: {} }])), {});
});

test("each way has a key of its own", () => {
  const ways = readWays([{}, {}]);
  assert.notEqual(ways[0]?.key, ways[1]?.key);
});

test("a relation is named by its name or by its key", () => {
  const list = { mode: "only" as const, names: ["companyId", "name"] };
  assert.ok(namesField(list, "company"));
  assert.ok(!namesField(list, "city"));
  assert.deepEqual(withField(list, "company", false).names, ["name"]);
  assert.deepEqual(withField(list, "company", true).names, ["name", "company"]);
});

test("the ways of an action have the members that the API takes", () => {
  assert.deepEqual(WAY_MEMBERS.delete, ["rule"]);
  assert.ok(!WAY_MEMBERS.create.includes("rule"));
  assert.ok(!WAY_MEMBERS.read.includes("check"));
});
