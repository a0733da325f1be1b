import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOf, type Press } from "./shortcuts.ts";

function press(key: string, held: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held };
}

test("the palette opens by Ctrl or Command and K, in text too", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.deepEqual(actionOf(press("k", held), true, false), { kind: "palette" });
  }
  assert.equal(actionOf(press("k"), false, false), null);
});

test("F6 goes through the regions", () => {
  assert.deepEqual(actionOf(press("F6"), true, false), { kind: "region", step: 1 });
  assert.deepEqual(actionOf(press("F6", { shiftKey: true }), false, false), { kind: "region", step: -1 });
});

test("letters are text in a field and in the grid", () => {
  assert.deepEqual(actionOf(press("?", { shiftKey: true }), false, false), { kind: "keys" });
  assert.equal(actionOf(press("?", { shiftKey: true }), true, false), null);
  assert.equal(actionOf(press("g"), true, false), null);
});

test("G and a letter lead to a page, another letter nowhere", () => {
  assert.deepEqual(actionOf(press("g"), false, false), { kind: "prefix" });
  assert.deepEqual(actionOf(press("m"), false, true), { kind: "go", address: "/model" });
  assert.equal(actionOf(press("z"), false, true), null);
});

test("keys of the browser are left to it", () => {
  for (const key of ["r", "f", "t", "g", "?"]) {
    assert.equal(actionOf(press(key, { ctrlKey: true }), false, false), null);
  }
});
