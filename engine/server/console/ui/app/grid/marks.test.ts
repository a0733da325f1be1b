import assert from "node:assert/strict";
import { test } from "node:test";
import { cellKey, NO_MARKS, withEntries, without, withoutRecords } from "./marks.ts";
import { countRefused, unsavedOf } from "./unsaved_edits.ts";

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
  assert.equal(unsavedOf(0, 0, null), null);
  assert.match(unsavedOf(0, 2, null)?.title ?? "", /2 values that could not be saved/);
  // A write that is under way may still refuse more values, and may end in a moment.
  assert.equal(unsavedOf(1, 2, null)?.isPassing, true);
  assert.equal(unsavedOf(0, 2, null)?.isPassing, undefined);
});

test("a change that the page asks about is asked about before it is left, and one that it told of is not", () => {
  assert.deepEqual(
    [unsavedOf(0, 2, "asked"), unsavedOf(0, 0, "told")].map((one) => [one?.isRefused, one?.isTold]),
    [
      [true, false],
      [true, true],
    ],
  );
  assert.match(unsavedOf(0, 2, "told")?.title ?? "", /2 values that could not be saved/);
  assert.equal(unsavedOf(1, 0, "asked")?.isPassing, true);
});

test("the refused values of a record end with it", () => {
  const before = new Map([
    [cellKey("a", "f1"), 1],
    [cellKey("ab", "f1"), 2],
  ]);
  assert.deepEqual([...withoutRecords(before, ["a"])], [[cellKey("ab", "f1"), 2]]);
});

test("a refused value of a field that is gone is not counted", () => {
  const refusal = { text: "x", message: "" };
  const refused = new Map([
    [cellKey("a", "f1"), refusal],
    [cellKey("a", "f2"), refusal],
  ]);
  assert.equal(countRefused({ ...NO_MARKS, refused }, [{ id: "f2" }]), 1);
});
