import assert from "node:assert/strict";
import { test } from "node:test";

import { type Known, numberOf } from "./number.ts";

const NOTHING: Known = {
  counted: undefined,
  isOfBefore: false,
  estimate: undefined,
  canCount: true,
  extent: null,
  isWhole: false,
};
const PAGE = { rows: 100, isEnd: false };
const END = { rows: 2, isEnd: true };

function assertNumber(known: Partial<Known>, count: number | undefined, ...marks: string[]): void {
  const { count: found, ...rest } = numberOf({ ...NOTHING, ...known });
  assert.equal(found, count);
  const set = Object.entries(rest).filter(([, isSet]) => isSet);
  assert.deepEqual(
    set.map(([name]) => name),
    marks,
  );
}

test("rows are shown before they are counted, and the number says so", () => {
  assertNumber({}, undefined, "isCounting");
  assertNumber({ extent: PAGE }, 100, "isCounting");
  assertNumber({ extent: PAGE, counted: 250 }, 250, "isExact");
});

test("the number of the filter before is none of this one", () => {
  assertNumber({ counted: 250, isOfBefore: true }, 250, "isCounting");
  assertNumber({ counted: 0, isOfBefore: true, extent: PAGE }, 100, "isCounting");
  assertNumber({ counted: 250, isOfBefore: true, extent: END, isWhole: true }, 2, "isExact");
  // The page of before lies behind the end of the list, whose number it does not know.
  assertNumber({ counted: 250, isOfBefore: true, extent: { rows: 200, isEnd: true } }, 250, "isCounting");
});

test("a list that was read to its end is counted", () => {
  assertNumber({ extent: END, isWhole: true }, 2, "isExact");
  assertNumber({ extent: { rows: 0, isEnd: true }, isWhole: true }, 0, "isExact");
  assertNumber({ extent: END, isWhole: true, canCount: false }, 2, "isExact");
});

test("an estimate stands for a number that takes long", () => {
  assertNumber({ estimate: 2_000_000, extent: PAGE }, 2_000_000, "isEstimate");
});

test("a list that cannot be counted has a row more than were read", () => {
  assertNumber({ canCount: false }, undefined);
  assertNumber({ canCount: false, extent: PAGE }, 101, "isOpen");
  assertNumber({ canCount: false, extent: END }, 2, "isExact");
});
