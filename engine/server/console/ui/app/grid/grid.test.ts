import assert from "node:assert/strict";
import { test } from "node:test";
import { fromTsv, spread, toHtml, toTsv } from "./clipboard.ts";
import { commandOf } from "./keys.ts";
import {
  clamp,
  clearRows,
  focus,
  followColumns,
  followRows,
  isInRange,
  moveAcross,
  moveCell,
  rangeOf,
  START,
  toggleRows,
} from "./selection.ts";
import * as undo from "./undo.ts";

const SIZE = { rows: 10, columns: 4 };

test("moves stay inside of the grid", () => {
  assert.deepEqual(moveCell({ row: 0, column: 0 }, { by: "rows", count: -1 }, SIZE), { row: 0, column: 0 });
  assert.deepEqual(moveCell({ row: 8, column: 1 }, { by: "rows", count: 20 }, SIZE), { row: 9, column: 1 });
  assert.deepEqual(moveCell({ row: 5, column: 2 }, { to: "gridEnd" }, SIZE), { row: 9, column: 3 });
  assert.deepEqual(moveCell({ row: 5, column: 2 }, { to: "rowStart" }, SIZE), { row: 5, column: 0 });
  assert.deepEqual(clamp({ row: 3, column: 3 }, { rows: 0, columns: 0 }), { row: 0, column: 0 });
});

test("Tab goes on in the next row and stops at the grid's ends", () => {
  assert.deepEqual(moveAcross({ row: 2, column: 3 }, 1, SIZE), { row: 3, column: 0 });
  assert.deepEqual(moveAcross({ row: 2, column: 0 }, -1, SIZE), { row: 1, column: 3 });
  assert.deepEqual(moveAcross({ row: 9, column: 3 }, 1, SIZE), { row: 9, column: 3 });
  assert.deepEqual(moveAcross({ row: 0, column: 0 }, -1, SIZE), { row: 0, column: 0 });
});

test("a range goes from the anchor to the cell, in any direction", () => {
  const at = focus(focus(START, { row: 5, column: 2 }, false), { row: 3, column: 3 }, true);
  const range = rangeOf(at);
  assert.deepEqual(range, { top: 3, bottom: 5, left: 2, right: 3 });
  assert.ok(isInRange(range, 4, 2));
  assert.ok(!isInRange(range, 4, 1));
});

test("rows are chosen and left", () => {
  const chosen = toggleRows(START, ["a", "b"]);
  assert.deepEqual([...chosen.rows], ["a", "b"]);
  assert.deepEqual([...toggleRows(chosen, ["b"]).rows], ["a"]);
  assert.deepEqual([...toggleRows(chosen, ["b", "c"]).rows], ["a", "b", "c"]);
});

test("keys are commands, and those of the browser are not taken", () => {
  const key = (name: string, rest: object = {}) =>
    commandOf({ key: name, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...rest }, 20);
  assert.deepEqual(key("ArrowDown", { shiftKey: true }), { do: "move", move: { by: "rows", count: 1 }, extend: true });
  assert.deepEqual(key("PageDown"), { do: "move", move: { by: "rows", count: 20 }, extend: false });
  assert.deepEqual(key("End", { ctrlKey: true, shiftKey: true }), {
    do: "move",
    move: { to: "gridEnd" },
    extend: true,
  });
  assert.deepEqual(key("x"), { do: "edit", text: "x" });
  assert.deepEqual(key("X", { shiftKey: true }), { do: "edit", text: "X" });
  assert.deepEqual(key("?", { shiftKey: true }), { do: "edit", text: "?" });
  assert.deepEqual(key("Z", { ctrlKey: true, shiftKey: true }), { do: "redo" });
  assert.deepEqual(key(" ", { shiftKey: true }), { do: "selectRow" });
  for (const taken of ["r", "f", "t", "c", "v", "k"]) assert.equal(key(taken, { ctrlKey: true }), null, taken);
  assert.equal(key("ArrowLeft", { altKey: true }), null);
  assert.equal(key("Tab"), null);
  assert.equal(key("F6"), null);
});

test("cells come back from their text, whatever is in them", () => {
  const cells = [
    ["a", 'say "x"', "two\nlines"],
    ["", "tab\there", '"'],
  ];
  assert.deepEqual(fromTsv(toTsv(cells)), cells);
  assert.deepEqual(fromTsv("a\tb\r\nc\r\n"), [
    ["a", "b"],
    ["c", ""],
  ]);
  assert.deepEqual(fromTsv("alone"), [["alone"]]);
  assert.deepEqual(fromTsv(""), [[""]]);
  assert.deepEqual(fromTsv('5" pipe'), [['5" pipe']]);
  assert.deepEqual(fromTsv('"open\tb\nc\td'), [
    ['"open', "b"],
    ["c", "d"],
  ]);
  assert.deepEqual(fromTsv('"a" and "b"\t"c"'), [['"a" and "b"', '"c"']]);
  assert.deepEqual(fromTsv('"two\r\nlines"\t"say ""x"""\r\n'), [["two\r\nlines", 'say "x"']]);
});

test("a cell cannot leave its place in HTML", () => {
  assert.equal(
    toHtml([['<b>&"</b>']]),
    "<table><tbody><tr><td>&lt;b&gt;&amp;&quot;&lt;/b&gt;</td></tr></tbody></table>",
  );
});

test("one value fills a range, a block is repeated where it fits, else it is written once", () => {
  assert.deepEqual(spread([["x"]], 2, 2), [
    ["x", "x"],
    ["x", "x"],
  ]);
  assert.deepEqual(spread([["a"], ["b"]], 4, 1), [["a"], ["b"], ["a"], ["b"]]);
  assert.deepEqual(spread([["a"], ["b"]], 3, 1), [["a"], ["b"]]);
  assert.deepEqual(spread([], 3, 1), []);
});

const step = (name: string, updatedAt = "1"): undo.Step => ({
  label: name,
  changes: [{ id: "a", before: { city: name }, after: { city: `${name}!` }, updatedAt }],
  created: [],
  trashed: [],
});

test("steps are undone and done again, each with the version that it left", () => {
  let history = undo.push(undo.push(undo.EMPTY, step("one")), step("two", "2"));
  history = undo.undone(history, new Map([["a", "3"]]));
  assert.deepEqual(history, { done: [step("one", "3")], undone: [step("two", "3")] });
  history = undo.redone(history, new Map([["a", "4"]]));
  assert.deepEqual(history, { done: [step("one", "4"), step("two", "4")], undone: [] });
  assert.deepEqual(undo.undone(undo.EMPTY, new Map()), undo.EMPTY);
});

test("a new step forgets the undone ones, and fifty are kept", () => {
  let history = undo.undone(undo.push(undo.EMPTY, step("one")), new Map());
  for (let index = 0; index < 60; index++) history = undo.push(history, step(`${index}`));
  assert.equal(history.undone.length, 0);
  assert.equal(history.done.length, 50);
  assert.equal(history.done[0]?.label, "10");
});

test("an own write moves the versions of all steps on, and a step that could not be undone is gone", () => {
  const change = { id: "1", updatedAt: "a", before: {}, after: {} };
  const step = (label: string) => ({ label, changes: [change, { ...change, id: "2" }], created: [], trashed: [] });
  const history = { done: [step("one"), step("two")], undone: [step("three")] };
  const next = undo.advanceAll(history, new Map([["1", "b"]]));
  const versions = [...next.done, ...next.undone].map(({ changes }) => changes.map(({ updatedAt }) => updatedAt));
  assert.deepEqual(versions, [
    ["b", "a"],
    ["b", "a"],
    ["b", "a"],
  ]);
  assert.deepEqual(
    undo.dropLast(next).done.map(({ label }) => label),
    ["one"],
  );
});

test("chosen rows are left together, those of a filter too", () => {
  const chosen = clearRows({ ...toggleRows(START, ["a"]), all: true });
  assert.deepEqual([chosen.rows.size, chosen.all], [0, false]);
});

test("the focus stays in its column where others come or go before it", () => {
  const at = (column: number) => ({ ...START, cell: { row: 2, column }, anchor: { row: 1, column } });
  assert.deepEqual(followColumns(at(2), ["a", "b", "c"], ["a", "c"]), at(1));
  assert.deepEqual(followColumns(at(1), ["a", "b", "c"], ["x", "a", "b", "c"]), at(2));
  // A column that has gone leaves its place to the next one.
  assert.deepEqual(followColumns(at(1), ["a", "b", "c"], ["a", "c"]), at(1));
  // One that nobody has moved stays in the first cell, and is known by it.
  assert.equal(followColumns(START, ["a"], ["x", "a"]), START);
});

test("a range follows its focused record, unless a person has moved on", () => {
  const range = { ...START, cell: { row: 7, column: 1 }, anchor: { row: 5, column: 0 } };
  assert.deepEqual(followRows(range, 7, 8), { ...range, cell: { row: 8, column: 1 }, anchor: { row: 6, column: 0 } });
  assert.equal(followRows(range, 6, 8), range);
});
