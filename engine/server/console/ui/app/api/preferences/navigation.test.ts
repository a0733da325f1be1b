import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeItems, decodeStrip, MOST_RECENT, patchOfItems, patchOfStrip, withPin, withVisit } from "./navigation.ts";

const NONE = { pinned: [], recent: [] };

test("preferences that any client wrote are read as far as they can be", () => {
  for (const preferences of [null, undefined, 7, [], {}, { "console.sideBar": [] }, { "console.sideBar": null }]) {
    assert.deepEqual(decodeItems(preferences), NONE);
  }
  const mixed = { "console.sideBar": { pinned: ["a", 1, null], recent: "b" } };
  assert.deepEqual(decodeItems(mixed), { pinned: ["a"], recent: [] });
  for (const strip of [null, [], {}, { label: "  " }, { label: 1 }]) {
    assert.equal(decodeStrip({ "console.strip": strip }), null);
  }
  assert.deepEqual(decodeStrip({ "console.strip": { label: "x".repeat(90), color: 1 } }), {
    label: "x".repeat(40),
    color: "",
  });
});

test("a patch is read as it was made", () => {
  const items = { pinned: ["a"], recent: ["b", "c"] };
  assert.deepEqual(decodeItems(patchOfItems(items)), items);
  const strip = { label: "Production", color: "red" };
  assert.deepEqual(decodeStrip(patchOfStrip(strip)), strip);
  assert.equal(decodeStrip(patchOfStrip(null)), null);
});

test("a pinned object stands last among them, once", () => {
  assert.deepEqual(withPin(withPin(NONE, "a", true), "b", true).pinned, ["a", "b"]);
  assert.deepEqual(withPin({ ...NONE, pinned: ["a", "b"] }, "a", true).pinned, ["b", "a"]);
  assert.deepEqual(withPin({ ...NONE, pinned: ["a", "b"] }, "a", false).pinned, ["b"]);
});

test("an opened object comes first, and one that is there stays where it is", () => {
  let items: { pinned: readonly string[]; recent: readonly string[] } = NONE;
  for (const id of ["a", "b", "c", "d", "e", "f"]) items = withVisit(items, id);
  assert.deepEqual(items.recent, ["f", "e", "d", "c", "b"]);
  assert.equal(items.recent.length, MOST_RECENT);
  assert.equal(withVisit(items, "c"), items);
});
