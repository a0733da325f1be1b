import assert from "node:assert/strict";
import { test } from "node:test";
import { cellKey, unsavedOf, withEntries, without } from "./marks.ts";

test("a cell's key tells record and field apart", () => {
  assert.equal(cellKey("r1", "f2"), "r1:f2");
});

test("entries are added to another map", () => {
  const before = new Map([["a", 1]]);
  assert.deepEqual(
    [
      ...withEntries(before, [
        ["b", 2],
        ["a", 3],
      ]),
    ],
    [
      ["a", 3],
      ["b", 2],
    ],
  );
  assert.deepEqual([...before], [["a", 1]]);
});

test("a map without the keys is another one, and the same one if it had none of them", () => {
  const before = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  assert.deepEqual([...without(before, ["a", "c"])], [["b", 2]]);
  assert.equal(without(before, ["c"]), before);
  assert.equal(before.size, 2);
});

test("a page is left without a question once all is written", () => {
  assert.equal(unsavedOf(0, 0), null);
  assert.match(unsavedOf(0, 2)?.title ?? "", /2 values that could not be saved/);
  // A write that is under way may still refuse more values, and may end in a moment.
  assert.equal(unsavedOf(1, 2)?.isPassing, true);
  assert.equal(unsavedOf(0, 2)?.isPassing, undefined);
});
